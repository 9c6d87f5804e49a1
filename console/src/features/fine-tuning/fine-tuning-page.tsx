// Examples of one's own for a model of one's own: what there is, exports of it, and whether drafts become better.
import { useNavigate } from '@tanstack/react-router'
import { Quality } from '@/features/notes/quality'
import { useSession } from '@/session/session'
import { Page } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Exports } from './exports'
import { MaterialPanel } from './material'
import { useFineTuningWords } from './words'

const TABS = ['exports', 'material', 'quality'] as const

export function FineTuningPage() {
  const say = useFineTuningWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const shown = TABS.filter((one) => one !== 'quality' || may('notes:read'))
  const chosen = useTab(shown) ?? 'exports'
  return (
    <Page wide={chosen === 'quality'} title={say('title')} hint={common('zone', { zone: ZONE })}>
      <Tabs
        label={say('title')}
        value={chosen}
        options={shown.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/fine-tuning', search: { tab: next } })}
      >
        {chosen === 'exports' && <Exports />}
        {chosen === 'material' && <MaterialPanel />}
        {chosen === 'quality' && <Quality />}
      </Tabs>
    </Page>
  )
}
