import { CopyText } from '@/ui/copy'
import { Panel } from '@/ui/page'
import { useKeyWords } from './words'

const KEY = 'auk_…'

export function HowToCall() {
  const say = useKeyWords()
  const here = window.location.origin
  return (
    <Panel title={say('how')}>
      <div className="flex flex-col gap-4">
        <p className="max-w-prose text-sm text-soft">{say('howHint')}</p>
        <CopyText label={say('howRead')} text={`curl -H 'Authorization: Bearer ${KEY}' ${here}/api/v1/patients`} />
        <CopyText
          label={say('howWrite')}
          text={`curl -X POST -H 'Authorization: Bearer ${KEY}' -H 'Content-Type: application/json' -d '{"given_name": "Asha", "family_name": "Rao"}' ${here}/api/v1/patients`}
        />
        <CopyText label={say('howOpenAi')} text={`curl -H 'Authorization: Bearer ${KEY}' ${here}/v1/models`} />
      </div>
    </Panel>
  )
}
