// The prices one has set oneself, and the card of all that hold as they lie over one another.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { getRateCard, listRates, withdrawRate } from '@/api/generated/sdk.gen'
import type { CardRate, RateOut } from '@/api/generated/types.gen'
import { useCapabilityName } from '@/i18n/names'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { NewRate } from './new-rate'
import { useMoney } from './money'
import { Withdrawal } from './withdrawal'
import { CHARGED, useUsageWords } from './words'

const LAYERS = ['organization', 'platform', 'shipped'] as const
type Layered = CardRate & { layer: (typeof LAYERS)[number]; place: number }

export function Rates() {
  return (
    <div className="flex flex-col gap-6">
      <OwnRates />
      <Card />
    </div>
  )
}

function usePriceColumns<R extends CardRate>(): Column<R>[] {
  const say = useUsageWords()
  const nameOf = useCapabilityName()
  const time = useTime()
  const money = useMoney()
  return [
    {
      name: say('provider'),
      cell: (row) => (
        <>
          {row.provider}
          <span className="block text-xs break-all text-soft">{row.model ?? say('anyModel')}</span>
        </>
      ),
    },
    { name: say('capability'), cell: (row) => nameOf(row.capability) },
    {
      name: say('price'),
      numeric: true,
      cell: (row) => (
        <>
          <span className="whitespace-nowrap">
            {money.price(row.price, row.currency)} {say(`unit_${row.unit}` as 'unit_minute')}
          </span>
          {row.output_price && (
            <span className="block text-xs text-soft">{say('outputPriceIs', { price: money.price(row.output_price, row.currency) })}</span>
          )}
        </>
      ),
    },
    { name: say('since'), cell: (row) => <span className="whitespace-nowrap">{time.date(row.since)}</span>, sort: 'since' },
    { name: say('source'), cell: (row) => <span className="break-words">{row.source}</span> },
  ]
}

function OwnRates() {
  const say = useUsageWords()
  const money = useMoney()
  const cache = useQueryClient()
  const { may } = useSession()
  const title = say(useMe().organization_id === null ? 'ratesOfPlatform' : 'ratesOwn')
  const [adding, setAdding] = useState(false)
  const [leaving, setLeaving] = useState<RateOut | null>(null)
  const order = useOrder(['since', 'created_at'], '-created_at')
  const rows = useRows(['rates', order.sort], async (cursor) => (await listRates({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const again = () => Promise.all([cache.invalidateQueries({ queryKey: ['rates'] }), cache.invalidateQueries({ queryKey: ['rate-card'] })])
  const columns: Column<RateOut>[] = [
    ...usePriceColumns<RateOut>(),
    {
      name: say('state'),
      cell: (row) => <Badge tone={row.withdrawn_at ? 'neutral' : 'good'}>{say(row.withdrawn_at ? 'isWithdrawn' : 'holds')}</Badge>,
    },
    {
      name: '',
      cell: (row) =>
        row.withdrawn_at === null &&
        may('rates:write') && (
          <Button aria-haspopup="dialog" size="small" onClick={() => setLeaving(row)}>
            {say('withdraw')}
          </Button>
        ),
    },
  ]
  return (
    <Panel
      title={title}
      actions={
        may('rates:write') && (
          <Button aria-haspopup="dialog" kind="primary" size="small" onClick={() => setAdding(true)}>
            {say('newRate')}
          </Button>
        )
      }
    >
      <p className="mb-3 max-w-prose text-sm text-soft">{say('ratesHint')}</p>
      <Table order={order} caption={title} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<p className="text-sm">{say('ratesNone')}</p>} />
      <Dialog open={adding} title={say('newRate')} onClose={() => setAdding(false)}>
        <NewRate
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false)
            void again()
          }}
        />
      </Dialog>
      <Withdrawal
        what={leaving && `${leaving.provider} ${leaving.model ?? ''}: ${money.price(leaving.price, leaving.currency)} ${say(`unit_${leaving.unit}` as 'unit_minute')}`}
        withdraw={() => withdrawRate({ path: { rate_id: leaving?.id ?? '' }, throwOnError: true }).then(again)}
        onClose={() => setLeaving(null)}
      />
    </Panel>
  )
}

function Card() {
  const say = useUsageWords()
  const nameOf = useCapabilityName()
  const navigate = useNavigate()
  const { for: capability } = useSearch({ strict: false }) as { for?: string }
  const rows = useRows(['rate-card', capability], async () => {
    const { data } = await getRateCard({ throwOnError: true })
    const items: Layered[] = LAYERS.flatMap((layer) => data[layer].map((rate, place) => ({ ...rate, layer, place })))
    return { items: items.filter((one) => !capability || one.capability === capability) }
  })
  const columns: Column<Layered>[] = [
    ...usePriceColumns<Layered>(),
    { name: say('setBy'), cell: (row) => <Badge tone={row.layer === 'shipped' ? 'neutral' : 'brand'}>{say(`layer_${row.layer}`)}</Badge> },
  ]
  return (
    <Panel title={say('card')}>
      <p className="mb-3 max-w-prose text-sm text-soft">{say('cardHint')}</p>
      <div className="mb-3 max-w-56">
        <SelectField
          label={say('capability')}
          value={capability ?? ''}
          onChange={(event) =>
            void navigate({ to: '/usage', search: { tab: 'rates', for: event.target.value || undefined } as never, replace: true })
          }
          options={[{ value: '', label: say('all') }, ...CHARGED.map((one) => ({ value: one, label: nameOf(one) }))]}
        />
      </div>
      <Table
        caption={say('card')}
        columns={columns}
        rows={rows}
        keyOf={(row) => `${row.layer} ${row.place}`}
        empty={<p className="text-sm">{say('cardNone')}</p>}
      />
    </Panel>
  )
}
