// Every metered call by itself. Filters live in the address.
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { listUsage } from '@/api/generated/sdk.gen'
import type { UsageOut } from '@/api/generated/types.gen'
import { useCapabilityName } from '@/i18n/names'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Badge } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { dayEnd, dayStart } from './days'
import { useMoney } from './money'
import { CHARGED, useUsageWords } from './words'

interface Filters {
  for?: string
  provider?: string
  consultation?: string
  from?: string
  to?: string
}

export function Lines() {
  const say = useUsageWords()
  const nameOf = useCapabilityName()
  const navigate = useNavigate()
  const { for: capability, provider, consultation, from, to } = useSearch({ strict: false }) as Filters
  const filters = { for: capability, provider, consultation, from, to }
  const set = (change: Filters) =>
    void navigate({ to: '/usage', search: { tab: 'lines', ...filters, ...change } as never, replace: true })
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <SelectField
          label={say('capability')}
          value={capability ?? ''}
          onChange={(event) => set({ for: event.target.value || undefined })}
          options={[{ value: '', label: say('all') }, ...CHARGED.map((one) => ({ value: one, label: nameOf(one) }))]}
        />
        <TextField
          label={say('provider')}
          hint={say('providerHint')}
          maxLength={64}
          defaultValue={provider}
          onBlur={(event) => set({ provider: event.target.value.trim() || undefined })}
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
        <TextField label={say('from')} type="date" value={from ?? ''} onChange={(event) => set({ from: event.target.value || undefined })} />
        <TextField label={say('to')} type="date" value={to ?? ''} onChange={(event) => set({ to: event.target.value || undefined })} />
      </div>
      {consultation && (
        <p className="flex flex-wrap items-center gap-3 text-sm">
          {say('onlyConsultation')}
          <Button size="small" onClick={() => set({ consultation: undefined })}>
            {say('showAll')}
          </Button>
        </p>
      )}
      <Found filters={filters} />
    </div>
  )
}

function Found({ filters }: { filters: Filters }) {
  const say = useUsageWords()
  const nameOf = useCapabilityName()
  const time = useTime()
  const order = useOrder(['at', 'total_ms', 'cost_usd'], '-at')
  const rows = useRows(['usage', filters, order.sort], async (cursor) => {
    const query = {
      capability: filters.for,
      provider: filters.provider,
      consultation_id: filters.consultation,
      from: dayStart(filters.from),
      to: dayEnd(filters.to),
      sort: order.sort,
      cursor,
      limit: 50,
    }
    return (await listUsage({ query, throwOnError: true })).data
  })
  const columns: Column<UsageOut>[] = [
    { name: say('when'), cell: (row) => <When row={row} />, sort: 'at' },
    { name: say('capability'), cell: (row) => nameOf(row.capability) },
    {
      name: say('provider'),
      cell: (row) => (
        <>
          {row.provider}
          <span className="block text-xs break-all text-soft">{row.model}</span>
        </>
      ),
    },
    {
      name: say('state'),
      cell: (row) => <Badge tone={row.status === 'ok' ? 'good' : 'warn'}>{say(`status_${row.status}` as 'status_ok')}</Badge>,
    },
    { name: say('took'), numeric: true, sort: 'total_ms', cell: (row) => say('ms', { n: time.number(Math.round(row.total_ms)) }) },
    { name: say('used'), cell: (row) => <Used row={row} /> },
    { name: say('cost'), numeric: true, sort: 'cost_usd', cell: (row) => <Cost row={row} /> },
  ]
  return (
    <Table order={order} caption={say('lines')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say('linesNone')}>{say('linesNoneHint')}</Empty>} />
  )
}

function When({ row }: { row: UsageOut }) {
  const time = useTime()
  const at = <time dateTime={row.at}>{time.moment(row.at)}</time>
  if (row.consultation_id === null) return at
  return (
    <Link
      to="/consultations/$consultationId"
      params={{ consultationId: row.consultation_id }}
      className="font-medium text-brand underline-offset-4 hover:underline"
    >
      {at}
    </Link>
  )
}

/** What was metered, in whichever measures the vendor bills by. */
function Used({ row }: { row: UsageOut }) {
  const say = useUsageWords()
  const time = useTime()
  const measures = [
    row.audio_s !== null && say('n_seconds', { n: time.number(row.audio_s, { maximumFractionDigits: 1 }) }),
    (row.input_tokens !== null || row.output_tokens !== null) &&
      say('n_tokens', { read: time.number(row.input_tokens ?? 0), made: time.number(row.output_tokens ?? 0) }),
    row.characters !== null && say('n_characters', { n: time.number(row.characters) }),
    row.requests !== null && say('n_requests', { n: time.number(row.requests) }),
  ].filter((one) => one !== false)
  return <>{measures.join(', ') || '–'}</>
}

function Cost({ row }: { row: UsageOut }) {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  if (row.cost_usd === null) return <span className="text-soft">{say('unknown')}</span>
  return (
    <>
      {money.price(row.cost_usd, 'USD')}
      {row.cost_inr !== null && <span className="ml-2">{money.price(row.cost_inr, 'INR')}</span>}
      <span className="block text-xs text-soft">
        {[row.rate_source, row.rate_date && time.date(row.rate_date)].filter(Boolean).join(', ')}
      </span>
      {row.inr_per_usd !== null && row.exchange_date !== null && (
        <span className="block text-xs text-soft">
          {say('exchange', { rate: time.number(Number(row.inr_per_usd), { maximumFractionDigits: 6 }), date: time.date(row.exchange_date) })}
        </span>
      )}
    </>
  )
}
