import { Page } from '@/ui/page'
import { AskForAccess } from './ask'
import { useBreakGlassWords } from './words'

/** In place of a record that one's role does not open. */
export function Closed({ patientId }: { patientId: string }) {
  const say = useBreakGlassWords()
  return (
    <Page title={say('closed')} hint={say('closedHint')}>
      <div>
        <AskForAccess patientId={patientId} />
      </div>
    </Page>
  )
}
