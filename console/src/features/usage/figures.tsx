// What a time cost, by capability, provider and model; and month by month.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { costBreakdownOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listSpending } from '@/api/generated/sdk.gen'
import type { CostBreakdown, CostRow, MonthOut } from '@/api/generated/types.gen'
import { useCapabilityName } from '@/i18n/names'
import { SelectField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useMoney } from './money'
import { useUsageWords } from './words'

const DAYS = [1, 7, 30, 90]
const MONTHS = 12

export function Figures() {
  const say = useUsageWords()
  const navigate = useNavigate()
  const { days = '7' } = useSearch({ strict: false }) as { days?: string }
  const wanted = DAYS.includes(Number(days)) ? Number(days) : 7
  const now = new Date()
  const from = new Date(now.getFullYear(), now.getMonth(), now.getDate() - wanted + 1).toISOString()
  return (
    <div className="flex flex-col gap-6">
      <div className="max-w-56">
        <SelectField
          label={say('days')}
          value={String(wanted)}
          onChange={(event) => void navigate({ to: '/usage', search: { tab: 'figures', days: event.target.value } })}
          options={DAYS.map((n) => ({ value: String(n), label: n === 1 ? say('today') : say('last', { n }) }))}
        />
      </div>
      <Total from={from} />
      <Breakdown from={from} />
      <Panel title={say('months')}>
        <Months />
      </Panel>
    </div>
  )
}

function Total({ from }: { from: string }) {
  const say = useUsageWords()
  const query = useQuery(costBreakdownOptions({ query: { from } }))
  return (
    <Loaded query={query} lines={2}>
      {(found) => <Sum found={found} label={say('total')} />}
    </Loaded>
  )
}

function Sum({ found: { total, inr_per_usd, exchange_date }, label }: { found: CostBreakdown; label: string }) {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  const notes = [
    inr_per_usd && exchange_date ? say('exchange', { rate: time.number(Number(inr_per_usd), { maximumFractionDigits: 6 }), date: time.date(exchange_date) }) : '',
    total.unpriced > 0 ? say('unpriced', { n: time.number(total.unpriced) }) : '',
  ].filter(Boolean)
  return (
    <div>
      <p className="text-2xl font-semibold tabular-nums">
        <span className="sr-only">{label} </span>
        {money.usd(total.cost_usd)}
        {total.cost_inr && <span className="ml-3 text-base font-normal text-soft">{money.inr(total.cost_inr)}</span>}
      </p>
      <p className="text-sm text-soft">{notes.join(' · ')}</p>
    </div>
  )
}

function Breakdown({ from }: { from: string }) {
  const say = useUsageWords()
  const nameOf = useCapabilityName()
  const time = useTime()
  const money = useMoney()
  const cache = useQueryClient()
  // The same question as the sum above, so that it goes out once.
  const rows = useRows(['cost-breakdown', from], async () => ({
    items: (await cache.fetchQuery(costBreakdownOptions({ query: { from } }))).rows,
  }))
  const columns: Column<CostRow>[] = [
    { name: say('capability'), cell: (row) => nameOf(row.capability) },
    { name: say('provider'), cell: (row) => row.provider },
    { name: say('model'), cell: (row) => row.model ?? '–' },
    { name: say('calls'), numeric: true, cell: (row) => time.number(row.calls) },
    { name: say('failed'), numeric: true, cell: (row) => time.number(row.failed) },
    { name: say('minutes'), numeric: true, cell: (row) => time.number(row.audio_s / 60, { maximumFractionDigits: 1 }) },
    { name: say('tokens'), numeric: true, cell: (row) => `${time.number(row.input_tokens)} / ${time.number(row.output_tokens)}` },
    { name: say('characters'), numeric: true, cell: (row) => time.number(row.characters) },
    { name: say('costUsd'), numeric: true, cell: (row) => (row.unpriced === row.calls ? say('unknown') : money.usd(row.cost_usd)) },
    { name: say('costInr'), numeric: true, cell: (row) => (row.cost_inr ? money.inr(row.cost_inr) : '–') },
  ]
  return (
    <Table
      caption={say('figures')}
      columns={columns}
      rows={rows}
      keyOf={(row) => `${row.capability} ${row.provider} ${row.model}`}
      empty={<Empty title={say('none')} />}
    />
  )
}

function Months() {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  const rows = useRows(['spending'], async (before) => {
    const { data } = await listSpending({ query: { limit: MONTHS, before }, throwOnError: true })
    return { items: data, next: data.length === MONTHS ? data.at(-1)?.month : null }
  })
  const columns: Column<MonthOut>[] = [
    { name: say('month'), cell: (row) => time.month(row.month) },
    { name: say('calls'), numeric: true, cell: (row) => time.number(row.calls) },
    { name: say('withoutPrice'), numeric: true, cell: (row) => time.number(row.unpriced) },
    { name: say('costUsd'), numeric: true, cell: (row) => money.usd(row.cost_usd) },
    { name: say('costInr'), numeric: true, cell: (row) => money.inr(row.cost_inr) },
  ]
  return <Table caption={say('months')} columns={columns} rows={rows} keyOf={(row) => row.month} empty={<p className="text-sm text-soft">{say('none')}</p>} />
}
