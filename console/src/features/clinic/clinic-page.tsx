import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMe, useSession } from '@/session/session'
import { Page } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { Named } from './named'
import { Professional } from './professional'
import { Professionals } from './professionals'
import { useClinicWords } from './words'

const TABS = ['professionals', 'departments', 'specialties'] as const

/** A clinician finds here their own profile and hours, an administrator everybody's. */
export function ClinicPage() {
  const say = useClinicWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const { member_id: own } = useMe()
  const { who } = useSearch({ strict: false }) as { who?: string }
  const everybody = may('professionals:write')
  const tabs = TABS.filter((one) => may(...(one === 'professionals' ? ['professionals:write', 'professionals:own'] : ['departments:read'])))
  const tab = useTab(tabs)
  const shown = everybody ? who : own
  if (tab === undefined) return null
  return (
    <Page title={say('title')} hint={say('hint')}>
      <Tabs
        label={say('title')}
        value={tab}
        options={tabs.map((value) => ({ value, label: say(value === 'professionals' && !everybody ? 'ownHours' : value) }))}
        onChange={(next) => void navigate({ to: '/clinic', search: { tab: next } })}
      >
        {tab !== 'professionals' ? <Named key={tab} kind={tab} /> : shown ? <Professional key={shown} id={shown} /> : <Professionals />}
      </Tabs>
    </Page>
  )
}
