// Who did and saw what. Filters live in the address: it can be kept, and handed on.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { blobOf } from '@/api/client'
import { getAuditChainOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listAuditEntries } from '@/api/generated/sdk.gen'
import type { EntryOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Badge, Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime, ZONE } from '@/ui/time'
import { save } from '@/ui/save'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useAuditWords } from './words'

interface Filters {
  action?: string
  entity?: string
  outcome?: 'allowed' | 'refused'
  from?: string
  to?: string
}

export function AuditPage() {
  const say = useAuditWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const filters = useSearch({ strict: false }) as Filters
  const set = (change: Filters) => void navigate({ to: '/audit', search: { ...filters, ...change } as never, replace: true })
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })} actions={<Export filters={filters} />} wide>
      <Chain />
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
        <TextField
          label={say('action')}
          hint={say('actionHint')}
          defaultValue={filters.action}
          onBlur={(event) => set({ action: event.target.value || undefined })}
        />
        <TextField label={say('entity')} defaultValue={filters.entity} onBlur={(event) => set({ entity: event.target.value || undefined })} />
        <SelectField
          label={say('outcome')}
          value={filters.outcome ?? ''}
          onChange={(event) => set({ outcome: (event.target.value || undefined) as Filters['outcome'] })}
          options={[
            { value: '', label: say('all') },
            { value: 'allowed', label: say('allowed') },
            { value: 'refused', label: say('refused') },
          ]}
        />
        <TextField label={say('from')} type="date" value={filters.from ?? ''} onChange={(event) => set({ from: event.target.value || undefined })} />
        <TextField label={say('to')} type="date" value={filters.to ?? ''} onChange={(event) => set({ to: event.target.value || undefined })} />
      </div>
      <Entries filters={filters} />
    </Page>
  )
}

function queryOf({ action, entity, outcome, from, to }: Filters) {
  const end = to && new Date(new Date(`${to}T00:00`).getTime() + 86_400_000).toISOString()
  return { action, entity, outcome, from: from && new Date(`${from}T00:00`).toISOString(), to: end }
}

function Chain() {
  const say = useAuditWords()
  const time = useTime()
  const { data } = useQuery(getAuditChainOptions())
  if (!data) return null
  return (
    <p>
      <Badge tone={data.sealed > 0 ? 'good' : 'warn'}>
        {data.sealed_at
          ? say('chain', { sealed: time.number(data.sealed), entries: time.number(data.entries), when: time.ago(data.sealed_at) })
          : say('chainNone')}
      </Badge>
    </p>
  )
}

function Entries({ filters }: { filters: Filters }) {
  const say = useAuditWords()
  const time = useTime()
  const rows = useRows(['audit', filters], async (cursor) => {
    const { data } = await listAuditEntries({ query: { ...queryOf(filters), cursor, limit: 50 }, throwOnError: true })
    return data
  })
  const columns: Column<EntryOut>[] = [
    { name: say('when'), cell: (row) => time.moment(row.at) },
    { name: say('action'), cell: (row) => row.action },
    { name: say('entity'), cell: (row) => row.entity },
    { name: say('outcome'), cell: (row) => <Badge tone={row.outcome === 'refused' ? 'bad' : 'neutral'}>{say(row.outcome as 'allowed')}</Badge> },
    { name: say('who'), cell: (row) => <code className="text-xs">{(row.member_id ?? row.actor_id ?? '–').slice(0, 8)}</code> },
    { name: say('address'), cell: (row) => row.address || '–' },
    { name: say('details'), cell: (row) => <Change old={row.old} now={row.new} /> },
  ]
  return <Table caption={say('title')} columns={columns} rows={rows} keyOf={(row) => String(row.id)} empty={<Empty title={say('none')} />} />
}

function Change({ old, now }: { old: unknown; now: unknown }) {
  const say = useAuditWords()
  if (!old && !now) return <>–</>
  return (
    <details>
      <summary className="cursor-pointer">{say('details')}</summary>
      <pre className="max-w-md overflow-x-auto text-xs whitespace-pre-wrap">{JSON.stringify({ old, new: now }, null, 1)}</pre>
    </details>
  )
}

function Export({ filters }: { filters: Filters }) {
  const say = useAuditWords()
  const tell = useTell()
  const { may } = useSession()
  if (!may('audit:export')) return null
  const take = async () => {
    const range = Object.entries({ from: queryOf(filters).from, to: queryOf(filters).to }).filter(([, value]) => value)
    try {
      const blob = await blobOf(`/api/v1/audit/export?${new URLSearchParams(range as [string, string][]).toString()}`)
      save(blob, 'audit.jsonl')
    } catch (error) {
      tell.refusal(error)
    }
  }
  return <Button onClick={() => void take()}>{say('export')}</Button>
}
