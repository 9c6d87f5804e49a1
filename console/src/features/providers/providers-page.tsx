import { useQuery } from '@tanstack/react-query'
import { listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useMe, useSession } from '@/session/session'
import { Page } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { Accounts } from './accounts'
import { ProviderPanel } from './provider-panel'
import { useProviderWords } from './words'

export function ProvidersPage() {
  const say = useProviderWords()
  const { may } = useSession()
  const inOrganization = useMe().organization_id !== null
  const query = useQuery(listProvidersOptions())
  return (
    <Page title={say('title')}>
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
    </Page>
  )
}
