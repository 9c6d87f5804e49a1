import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useMe, useSession } from '@/session/session'
import { Page } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { Tabs, useTab } from '@/ui/tabs'
import { Accounts } from './accounts'
import { ProviderOrders } from './orders-page'
import { ProviderPanel } from './provider-panel'
import { useProviderWords } from './words'

const TABS = ['providers', 'orders'] as const
const SHOWN = { providers: Providers, orders: ProviderOrders } as const

export function ProvidersPage() {
  const say = useProviderWords()
  const navigate = useNavigate()
  const chosen = useTab(TABS)
  const Shown = SHOWN[chosen]
  return (
    <Page title={say('title')}>
      <Tabs
        label={say('title')}
        value={chosen}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/providers', search: { tab: next } })}
      >
        <Shown />
      </Tabs>
    </Page>
  )
}

function Providers() {
  const say = useProviderWords()
  const { may } = useSession()
  const inOrganization = useMe().organization_id !== null
  const query = useQuery(listProvidersOptions())
  return (
    <div className="flex flex-col gap-6">
      {inOrganization && may('providers:write') && <Accounts />}
      <h2 className="text-lg font-semibold">{say('health')}</h2>
      <Loaded query={query} lines={6}>
        {({ providers }) => (
          <div className="grid gap-4 md:grid-cols-2">
            {providers.map((one) => (
              <ProviderPanel key={one.name} provider={one} />
            ))}
          </div>
        )}
      </Loaded>
    </div>
  )
}
