// Keys by which programs of the organization sign in.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listApiKeys, revokeApiKey } from '@/api/generated/sdk.gen'
import type { KeyOut } from '@/api/generated/types.gen'
import { MemberName } from '@/features/members/member-name'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Badge, Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime, ZONE } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { HowToCall } from './how-to-call'
import { NewKey } from './new-key'
import { useKeyWords } from './words'

export function KeysPage() {
  const say = useKeyWords()
  const common = useCommonWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const [adding, setAdding] = useState(false)
  const [going, setGoing] = useState<KeyOut | null>(null)
  const again = () => cache.invalidateQueries({ queryKey: ['api-keys'] })
  const order = useOrder(['name', 'last_used_at', 'created_at'], '-created_at')
  const rows = useRows(['api-keys', order.sort], async (cursor) => (await listApiKeys({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const revoke = useMutation({
    mutationFn: (one: KeyOut) => revokeApiKey({ path: { key_id: one.id }, throwOnError: true }),
    onSuccess: (_, one) => {
      tell(say('revoked', { name: one.name }))
      setGoing(null)
    },
    onSettled: again,
  })
  const columns: Column<KeyOut>[] = [
    {
      name: say('name'),
      sort: 'name',
      cell: (row) => (
        <span>
          <span className="font-medium">{row.name}</span>
          <code className="block text-xs text-soft">{row.hint}…</code>
        </span>
      ),
    },
    { name: say('scopes'), cell: (row) => <Scopes scopes={row.scopes} /> },
    { name: say('state'), cell: (row) => <State row={row} /> },
    {
      name: say('used'),
      sort: 'last_used_at',
      cell: (row) => (row.last_used_at ? [time.ago(row.last_used_at), row.last_used_from].filter(Boolean).join(' · ') : say('never')),
    },
    {
      name: say('made'),
      sort: 'created_at',
      cell: (row) => (
        <>
          {time.date(row.created_at)} · <MemberName id={row.created_by} />
        </>
      ),
    },
    {
      name: '',
      cell: (row) =>
        living(row) && (
          <Button size="small" aria-haspopup="dialog" aria-label={`${say('revoke')}: ${row.name}`} onClick={() => setGoing(row)}>
            {say('revoke')}
          </Button>
        ),
    },
  ]
  const add = (
    <Button kind="primary" aria-haspopup="dialog" onClick={() => setAdding(true)}>
      {say('add')}
    </Button>
  )
  return (
    <Page title={say('title')} hint={`${say('hint')} ${common('zone', { zone: ZONE })}`} actions={add} wide>
      <Table order={order} caption={say('title')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say('none')}>{say('noneHint')}</Empty>} />
      <HowToCall />
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <NewKey onMade={() => void again()} onDone={() => setAdding(false)} />
      </Dialog>
      <Confirm
        open={going !== null}
        title={say('revokeTitle', { name: going?.name ?? '' })}
        action={say('revoke')}
        busy={revoke.isPending}
        error={revoke.error}
        onDone={() => going && revoke.mutate(going)}
        onClose={() => {
          setGoing(null)
          revoke.reset()
        }}
      >
        <p>{say('revokeHint')}</p>
      </Confirm>
    </Page>
  )
}

const living = (one: KeyOut) => one.revoked_at === null && new Date(one.expires_at).getTime() > Date.now()

function State({ row }: { row: KeyOut }) {
  const say = useKeyWords()
  const time = useTime()
  if (row.revoked_at) return <Badge tone="bad">{say('revokedOn', { when: time.date(row.revoked_at) })}</Badge>
  if (!living(row)) return <Badge tone="warn">{say('expired', { when: time.date(row.expires_at) })}</Badge>
  return <Badge tone="good">{say('until', { when: time.date(row.expires_at) })}</Badge>
}

const SHOWN = 3

function Scopes({ scopes }: { scopes: readonly string[] }) {
  const say = useKeyWords()
  const list = (some: readonly string[]) => (
    <ul className="flex flex-col text-xs">
      {some.map((one) => (
        <li key={one}>
          <code>{one}</code>
        </li>
      ))}
    </ul>
  )
  if (scopes.length <= SHOWN) return list(scopes)
  return (
    <details>
      <summary className="cursor-pointer">{say('scopesCount', { n: scopes.length })}</summary>
      {list(scopes)}
    </details>
  )
}
