import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  getProviderOrdersOptions,
  listProviderAccountsOptions,
  listProvidersOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import type { AccountOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { AddAccount } from './add-account'
import { ChangeAccount } from './change-account'
import { useListWords } from './lists-words'
import { RemoveAccount } from './remove-account'
import { useProviderWords } from './words'

/** The organization's own accounts, each with what can be done to it. */
export function Accounts() {
  const say = useProviderWords()
  const list = useListWords()
  const common = useCommonWords()
  const [changing, setChanging] = useState<AccountOut | null>(null)
  const [removing, setRemoving] = useState<AccountOut | null>(null)
  const tell = useTell()
  const cache = useQueryClient()
  const [adding, setAdding] = useState(false)
  const options = listProviderAccountsOptions({ query: { limit: 100 } })
  const query = useQuery(options)
  const again = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: options.queryKey }),
      cache.invalidateQueries({ queryKey: listProvidersOptions().queryKey }),
      cache.invalidateQueries({ queryKey: getProviderOrdersOptions().queryKey }),
    ])
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
                    <span className="font-medium">{one.name}</span> · {one.vendor.replaceAll('_', ' ')}
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
                    <Button
                      size="small"
                      aria-haspopup="dialog"
                      aria-label={say('removeNamed', { name: one.name })}
                      onClick={() => setRemoving(one)}
                    >
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
      {removing && (
        <RemoveAccount
          account={removing}
          onClose={() => setRemoving(null)}
          onDone={() => {
            setRemoving(null)
            tell(say('removed'))
            void again()
          }}
        />
      )}
    </Panel>
  )
}
