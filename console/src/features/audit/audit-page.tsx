// Who did and saw what. Filters live in the address: it can be kept, and handed on.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { getAuditChainOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listAuditEntries } from '@/api/generated/sdk.gen'
import type { EntryOut } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useActionName, useEntityName } from '@/i18n/audit-names'
import { SelectField, TextField } from '@/ui/field'
import { Badge, Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { instantsOf } from './days'
import { Export } from './export'
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
    <Page title={say('title')} hint={common('zone', { zone: ZONE })} actions={<Export key={`${filters.from} ${filters.to}`} days={{ from: filters.from, to: filters.to }} />} wide>
      <Chain />
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
        <Known label={say('action')} all={useActionName.all} nameOf={useActionName()} value={filters.action} onChange={(action) => set({ action })} />
        <Known label={say('entity')} all={useEntityName.all} nameOf={useEntityName()} value={filters.entity} onChange={(entity) => set({ entity })} />
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

interface KnownProps {
  label: string
  all: readonly string[]
  nameOf: (name: string) => string
  value: string | undefined
  onChange: (value: string | undefined) => void
}

/** One of the names that the audit writes, in order as they are read; also one of an address that is not among them. */
function Known({ label, all, nameOf, value = '', onChange }: KnownProps) {
  const say = useAuditWords()
  const language = useLanguage()
  const options = [...new Set(value ? [...all, value] : all)]
    .map((one) => ({ value: one, label: nameOf(one) }))
    .toSorted((one, other) => one.label.localeCompare(other.label, language))
  return (
    <SelectField
      label={label}
      value={value}
      onChange={(event) => onChange(event.target.value || undefined)}
      options={[{ value: '', label: say('all') }, ...options]}
    />
  )
}

function queryOf({ action, entity, outcome, from, to }: Filters) {
  return { action, entity, outcome, ...instantsOf({ from, to }) }
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
  const actionOf = useActionName()
  const entityOf = useEntityName()
  const time = useTime()
  const order = useOrder(['at'], '-at')
  const rows = useRows(['audit', filters, order.sort], async (cursor) => {
    const { data } = await listAuditEntries({ query: { ...queryOf(filters), cursor, sort: order.sort, limit: 50 }, throwOnError: true })
    return data
  })
  const columns: Column<EntryOut>[] = [
    { name: say('when'), cell: (row) => time.moment(row.at), sort: 'at' },
    { name: say('action'), cell: (row) => actionOf(row.action) },
    { name: say('entity'), cell: (row) => entityOf(row.entity) },
    { name: say('outcome'), cell: (row) => <Badge tone={row.outcome === 'refused' ? 'bad' : 'neutral'}>{say(row.outcome as 'allowed')}</Badge> },
    { name: say('who'), cell: (row) => row.member ?? <code className="text-xs">{(row.member_id ?? row.actor_id ?? '–').slice(0, 8)}</code> },
    { name: say('address'), cell: (row) => row.address || '–' },
    { name: say('details'), cell: (row) => <Details row={row} /> },
  ]
  return <Table order={order} caption={say('title')} columns={columns} rows={rows} keyOf={(row) => String(row.id)} empty={<Empty title={say('none')} />} />
}

function Details({ row }: { row: EntryOut }) {
  const say = useAuditWords()
  const facts = [
    [say('recorded'), `${row.action} · ${row.entity}`],
    [say('row'), row.entity_id],
    [say('account'), row.actor_id],
    [say('membership'), row.member_id],
    [say('reason'), row.reason],
    [say('requestId'), row.request_id],
    [say('device'), row.user_agent],
  ].filter(([, value]) => value)
  return (
    <details className="max-w-md">
      <summary className="cursor-pointer">{say('details')}</summary>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-xs">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0 break-all">{value}</dd>
          </div>
        ))}
      </dl>
      {(row.old || row.new) && <pre className="mt-2 overflow-x-auto text-xs whitespace-pre-wrap">{JSON.stringify({ old: row.old, new: row.new }, null, 1)}</pre>}
    </details>
  )
}
