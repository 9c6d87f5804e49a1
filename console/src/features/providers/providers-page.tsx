import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listProviderAccountsOptions, listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { checkProvider, deleteProviderAccount } from '@/api/generated/sdk.gen'
import type { AccountOut, ListProvidersResponse } from '@/api/generated/types.gen'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Page, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { AddAccount } from './add-account'
import { ChangeAccount } from './change-account'
import { Offers } from './lists'
import { useListWords } from './lists-words'
import { useProviderWords } from './words'

type Provider = ListProvidersResponse['providers'][number]

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

function ProviderPanel({ provider }: { provider: Provider }) {
  const say = useProviderWords()
  const list = useListWords()
  const [listing, setListing] = useState(false)
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const check = useMutation({
    mutationFn: () => checkProvider({ path: { name: provider.name }, throwOnError: true }),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: listProvidersOptions().queryKey }),
  })
  const warnings = Object.values(provider.warnings ?? {}).flat()
  return (
    <Panel
      title={provider.name}
      actions={
        may('providers:check') && (
          <Button size="small" busy={check.isPending} onClick={() => check.mutate()}>
            {say('check')}
          </Button>
        )
      }
    >
      <p className="flex flex-wrap gap-2">
        <Badge tone={provider.well ? 'good' : 'bad'}>{say(provider.well ? 'well' : 'unwell')}</Badge>
        {provider.is_own && <Badge tone="brand">{say('own')}</Badge>}
        {provider.is_local && <Badge>{say('local')}</Badge>}
        {provider.capabilities.map((one) => (
          <Badge key={String(one)}>{String(one)}</Badge>
        ))}
      </p>
      {provider.refused && <p className="mt-2 text-sm text-bad">{provider.refused}</p>}
      <ul className="mt-2 flex flex-col gap-1 text-sm">
        {(provider.checks ?? []).map((one) => (
          <li key={one.capability} className="flex justify-between gap-3">
            <span>{one.capability}</span>
            <span className={one.ok ? 'text-good' : 'text-bad'}>
              {one.ok ? `${time.number(Math.round(one.duration_ms))} ms` : one.error_code}
            </span>
          </li>
        ))}
      </ul>
      {provider.checked_at && <p className="mt-1 text-xs text-soft">{say('checked', { when: time.ago(provider.checked_at) })}</p>}
      {warnings.length > 0 && (
        <ul className="mt-2 flex list-disc flex-col gap-1 pl-5 text-sm text-soft">
          {warnings.map((text, n) => (
            <li key={n}>{String(text)}</li>
          ))}
        </ul>
      )}
      <Button size="small" aria-haspopup="dialog" className="mt-3" onClick={() => setListing(true)}>
        {list('lists')}
      </Button>
      <Dialog open={listing} title={list('listed', { name: provider.name })} onClose={() => setListing(false)}>
        <Offers name={provider.name} speaks={provider.capabilities.includes('tts')} />
      </Dialog>
    </Panel>
  )
}

function Accounts() {
  const say = useProviderWords()
  const list = useListWords()
  const common = useCommonWords()
  const [changing, setChanging] = useState<AccountOut | null>(null)
  const tell = useTell()
  const cache = useQueryClient()
  const [adding, setAdding] = useState(false)
  const options = listProviderAccountsOptions({ query: { limit: 100 } })
  const query = useQuery(options)
  const again = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: options.queryKey }),
      cache.invalidateQueries({ queryKey: listProvidersOptions().queryKey }),
    ])
  const remove = useMutation({
    mutationFn: (id: string) => deleteProviderAccount({ path: { provider_account_id: id }, throwOnError: true }),
    onSuccess: () => tell(say('removed')),
    onError: tell.refusal,
    onSettled: again,
  })
  return (
    <Panel
      title={say('accounts')}
      actions={
        <Button aria-haspopup="dialog" kind="primary" size="small" onClick={() => setAdding(true)}>
          {say('add')}
        </Button>
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-soft">{say('accountsNone')}</p>
          ) : (
            <ul className="divide-y divide-line text-sm">
              {items.map((one) => (
                <li key={one.id} className="flex flex-wrap items-center justify-between gap-2 py-2">
                  <span>
                    <span className="font-medium">{one.name}</span> · {one.vendor}
                    {one.fingerprint && <code className="ml-2 text-xs text-soft">{one.fingerprint}</code>}
                  </span>
                  <span className="flex flex-wrap items-center gap-2">
                    {!one.enabled && <Badge tone="warn">{list('off')}</Badge>}
                    <Button
                      size="small"
                      aria-haspopup="dialog"
                      aria-label={list('change', { name: one.name })}
                      onClick={() => setChanging(one)}
                    >
                      {common('edit')}
                    </Button>
                    <Button size="small" busy={remove.isPending && remove.variables === one.id} onClick={() => remove.mutate(one.id)}>
                      {say('remove')}
                    </Button>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <AddAccount
          onDone={() => {
            setAdding(false)
            tell(say('added'))
            void again()
          }}
        />
      </Dialog>
      {changing && (
        <Dialog open title={list('change', { name: changing.name })} onClose={() => setChanging(null)}>
          <ChangeAccount
            account={changing}
            onDone={() => {
              setChanging(null)
              tell(list('changed'))
              void again()
            }}
          />
        </Dialog>
      )}
    </Panel>
  )
}
