import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { costBreakdownOptions, getBudgetsOptions, listSpendingOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { CostRow } from '@/api/generated/types.gen'
import { SelectField } from '@/ui/field'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { useUsageWords } from './words'

const DAYS = [1, 7, 30, 90]
const DAY_MS = 86_400_000

export function UsagePage() {
  const say = useUsageWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { days = '7' } = useSearch({ strict: false }) as { days?: string }
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })}>
      <div className="max-w-56">
        <SelectField
          label={say('days')}
          value={days}
          onChange={(event) => void navigate({ to: '/usage', search: { days: event.target.value } })}
          options={DAYS.map((n) => ({ value: String(n), label: n === 1 ? say('today') : say('last', { n }) }))}
        />
      </div>
      <Breakdown days={Number(days)} />
      <div className="grid gap-4 md:grid-cols-2">
        <Budget />
        <Months />
      </div>
    </Page>
  )
}

function useMoney() {
  const time = useTime()
  return {
    usd: (value: string) => time.number(Number(value), { style: 'currency', currency: 'USD', maximumFractionDigits: 4 }),
    inr: (value: string) => time.number(Number(value), { style: 'currency', currency: 'INR' }),
  }
}

function Breakdown({ days }: { days: number }) {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  const midnight = new Date(new Date().setHours(0, 0, 0, 0)).getTime()
  const from = new Date(midnight - (days - 1) * DAY_MS).toISOString()
  const query = useQuery(costBreakdownOptions({ query: { from } }))
  return (
    <Loaded query={query} lines={6}>
      {({ rows, total, inr_per_usd, exchange_date }) =>
        rows.length === 0 ? (
          <Empty title={say('none')} />
        ) : (
          <div className="flex flex-col gap-3">
            <p className="text-2xl font-semibold tabular-nums">
              {money.usd(total.cost_usd)}
              {total.cost_inr && <span className="ml-3 text-base font-normal text-soft">{money.inr(total.cost_inr)}</span>}
            </p>
            <p className="text-sm text-soft">
              {inr_per_usd && exchange_date && say('exchange', { rate: inr_per_usd, date: time.date(exchange_date) })}
              {total.unpriced > 0 && ` · ${say('unpriced', { n: time.number(total.unpriced) })}`}
            </p>
            <div className="overflow-x-auto rounded-xl border border-line bg-panel" tabIndex={0} role="region" aria-label={say('title')}>
              <table className="w-full text-left text-sm">
                <thead className="border-b border-line text-soft">
                  <tr>
                    {(['capability', 'provider', 'model', 'calls', 'failed', 'minutes', 'tokens', 'cost'] as const).map((one) => (
                      <th key={one} scope="col" className="px-4 py-3 font-medium whitespace-nowrap">
                        {say(one)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody className="divide-y divide-line">
                  {rows.map((row) => (
                    <Row key={`${row.capability} ${row.provider} ${row.model}`} row={row} />
                  ))}
                </tbody>
              </table>
            </div>
          </div>
        )
      }
    </Loaded>
  )
}

function Row({ row }: { row: CostRow }) {
  const time = useTime()
  const money = useMoney()
  return (
    <tr className="tabular-nums">
      <td className="px-4 py-3">{row.capability}</td>
      <td className="px-4 py-3">{row.provider}</td>
      <td className="px-4 py-3">{row.model ?? '–'}</td>
      <td className="px-4 py-3">{time.number(row.calls)}</td>
      <td className="px-4 py-3">{time.number(row.failed)}</td>
      <td className="px-4 py-3">{time.number(row.audio_s / 60, { maximumFractionDigits: 1 })}</td>
      <td className="px-4 py-3">
        {time.number(row.input_tokens)} / {time.number(row.output_tokens)}
      </td>
      <td className="px-4 py-3">{money.usd(row.cost_usd)}</td>
    </tr>
  )
}

function Budget() {
  const say = useUsageWords()
  const time = useTime()
  const query = useQuery(getBudgetsOptions())
  return (
    <Panel title={say('budget')}>
      <Loaded query={query}>
        {({ budgets }) =>
          budgets.length === 0 ? (
            <p className="text-sm text-soft">{say('budgetNone')}</p>
          ) : (
            <ul className="flex flex-col gap-3 text-sm">
              {budgets.map((one) => (
                <li key={one.id} className="flex flex-col gap-1">
                  <span>
                    {say('spent', { spent: time.number(Number(one.spent)), amount: time.number(Number(one.amount)), currency: one.currency })}
                  </span>
                  <progress aria-label={say('budget')} max={Number(one.amount)} value={Number(one.spent)} className="w-full accent-brand" />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}

function Months() {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  const query = useQuery(listSpendingOptions({ query: { limit: 12 } }))
  return (
    <Panel title={say('months')}>
      <Loaded query={query}>
        {(months) => (
          <ul className="flex flex-col gap-1 text-sm tabular-nums">
            {months.map((one) => (
              <li key={one.month} className="flex justify-between gap-3">
                <span>{one.month.slice(0, 7)}</span>
                <span className="text-soft">{time.number(one.calls)}</span>
                <span>{money.usd(one.cost_usd)}</span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
