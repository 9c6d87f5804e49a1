// What an administrator decides about people's data: what leaves masked, how long it stays, what patients are asked, and
// what was done outside the rule: emergency accesses, erasures.
import { useNavigate } from '@tanstack/react-router'
import { useSession } from '@/session/session'
import { Page } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { ConsentTexts } from './consent-texts'
import { EmergencyAccesses } from './emergency-accesses'
import { Erasures } from './erasures'
import { Masking } from './masking'
import { Retention } from './retention'
import { usePrivacyWords } from './words'

const TABS = {
  masking: { needed: 'providers:write', shows: Masking },
  retention: { needed: 'retention:write', shows: Retention },
  consents: { needed: 'consent:publish', shows: ConsentTexts },
  emergency: { needed: 'break_glass:review', shows: EmergencyAccesses },
  erasures: { needed: 'patients:erase', shows: Erasures },
} as const
type Tab = keyof typeof TABS

export function PrivacyPage() {
  const say = usePrivacyWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const shown = (Object.keys(TABS) as Tab[]).filter((one) => may(TABS[one].needed))
  const chosen = useTab(shown)
  if (!chosen) return <Page title={say('title')}>{common('notAllowed')}</Page>
  const Shown = TABS[chosen].shows
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })}>
      <Tabs
        label={say('title')}
        value={chosen}
        options={shown.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/privacy', search: { tab: next } })}
      >
        <Shown />
      </Tabs>
    </Page>
  )
}
