// One organization: what it is called, whether it runs, what it may spend, and who works there.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { getHospitalBudgetOptions, getOrganizationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { removeHospitalBudget, setHospitalBudget } from '@/api/generated/sdk.gen'
import type { OrganizationOut } from '@/api/generated/types.gen'
import { Invitations } from '@/features/members/invitations'
import { People } from '@/features/members/people'
import { Roles } from '@/features/members/roles'
import { BudgetPanel } from '@/features/usage/budget-panel'
import { useMe, useSession } from '@/session/session'
import { Badge, Page, PageOf } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime } from '@/ui/time'
import { Details } from './details'
import { Standing } from './standing'
import { TONES, useOrganizationWords } from './words'

const TABS = [
  { value: 'details', needs: 'organizations:read' },
  { value: 'budget', needs: 'organizations:write' },
  { value: 'people', needs: 'members:read' },
  { value: 'invitations', needs: 'members:write' },
  { value: 'roles', needs: 'roles:read' },
] as const

export function OrganizationPage() {
  const { organizationId } = useParams({ strict: false }) as { organizationId: string }
  const query = useQuery(getOrganizationOptions({ path: { hospital_id: organizationId } }))
  return <PageOf query={query}>{(one) => <Shown organization={one} />}</PageOf>
}

/** The one in which one is signed in: its details only, for its people have pages of their own. */
export function OwnOrganization() {
  const { organization_id } = useMe()
  const query = useQuery({ ...getOrganizationOptions({ path: { hospital_id: organization_id ?? '' } }), enabled: organization_id !== null })
  return (
    <PageOf query={query}>
      {(one) => (
        <Page title={one.name}>
          <Details key={one.id} organization={one} />
        </Page>
      )}
    </PageOf>
  )
}

function Shown({ organization }: { organization: OrganizationOut }) {
  const say = useOrganizationWords()
  const time = useTime()
  const navigate = useNavigate()
  const { may } = useSession()
  const open = TABS.filter((one) => may(one.needs)).map((one) => one.value)
  const present = useTab(open) ?? 'details'
  const { id } = organization
  return (
    <Page
      title={organization.name}
      hint={
        <>
          <Badge tone={TONES[organization.status]}>{say(`status_${organization.status}`)}</Badge>{' '}
          {say('since', { date: time.date(organization.created_at) })}
        </>
      }
    >
      <Tabs
        label={organization.name}
        value={present}
        options={open.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/organizations/$organizationId', params: { organizationId: id }, search: { tab: next } })}
      >
        {present === 'details' && (
          <div className="flex flex-col gap-4">
            <Details key={id} organization={organization} />
            {may('organizations:write') && <Standing organization={organization} />}
          </div>
        )}
        {present === 'budget' && <Budget hospitalId={id} />}
        {present === 'people' && <People hospitalId={id} />}
        {present === 'invitations' && <Invitations hospitalId={id} />}
        {present === 'roles' && <Roles hospitalId={id} />}
      </Tabs>
    </Page>
  )
}

function Budget({ hospitalId }: { hospitalId: string }) {
  const cache = useQueryClient()
  const path = { hospital_id: hospitalId }
  const options = getHospitalBudgetOptions({ path })
  const again = () => cache.invalidateQueries({ queryKey: options.queryKey })
  return (
    <BudgetPanel
      query={useQuery(options)}
      mine="platform"
      set={(body) => setHospitalBudget({ path, body, throwOnError: true }).then(again)}
      remove={() => removeHospitalBudget({ path, throwOnError: true }).then(again)}
    />
  )
}
