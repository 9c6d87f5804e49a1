import { useNavigate } from '@tanstack/react-router'
import { useMe } from '@/session/session'
import { Page } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { Invitations } from './invitations'
import { People } from './people'
import { Roles } from './roles'
import { useMemberWords } from './words'

const TABS = ['members', 'invitations', 'roles'] as const

export function MembersPage() {
  const say = useMemberWords()
  const navigate = useNavigate()
  const hospitalId = useMe().organization_id
  const tab = useTab(TABS)
  if (!hospitalId) return null
  return (
    <Page title={say('title')}>
      <Tabs
        label={say('title')}
        value={tab}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/members', search: { tab: next } })}
      >
        {tab === 'members' && <People hospitalId={hospitalId} />}
        {tab === 'invitations' && <Invitations hospitalId={hospitalId} />}
        {tab === 'roles' && <Roles hospitalId={hospitalId} />}
      </Tabs>
    </Page>
  )
}
