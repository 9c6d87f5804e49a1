// Rupees for a dollar: the platform's administrators set it for everybody; all others see it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { getRateCardOptions } from '@/api/generated/@tanstack/react-query.gen'
import { createExchangeRate, listExchangeRates, withdrawExchangeRate } from '@/api/generated/sdk.gen'
import type { ExchangeOut } from '@/api/generated/types.gen'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { TextField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { today } from './days'
import { Withdrawal } from './withdrawal'
import { useUsageWords } from './words'

const DIGITS = { maximumFractionDigits: 6 }

export function ExchangeRates() {
  const say = useUsageWords()
  const time = useTime()
  const cache = useQueryClient()
  const { may } = useSession()
  const mine = useMe().organization_id === null && may('rates:write')
  const [adding, setAdding] = useState(false)
  const [leaving, setLeaving] = useState<ExchangeOut | null>(null)
  const order = useOrder(['since', 'created_at'], '-created_at')
  const rows = useRows(['exchange-rates', order.sort], async (cursor) => (await listExchangeRates({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const again = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: ['exchange-rates'] }),
      cache.invalidateQueries({ queryKey: getRateCardOptions().queryKey }),
    ])
  const columns: Column<ExchangeOut>[] = [
    { name: say('rupees'), cell: (row) => <span className="tabular-nums">{time.number(Number(row.inr_per_usd), DIGITS)}</span> },
    { name: say('since'), cell: (row) => time.date(row.since), sort: 'since' },
    { name: say('source'), cell: (row) => <span className="break-words">{row.source}</span> },
    {
      name: say('state'),
      cell: (row) => <Badge tone={row.withdrawn_at ? 'neutral' : 'good'}>{say(row.withdrawn_at ? 'isWithdrawn' : 'holds')}</Badge>,
    },
    {
      name: '',
      cell: (row) =>
        mine &&
        row.withdrawn_at === null && (
          <Button aria-haspopup="dialog" size="small" onClick={() => setLeaving(row)}>
            {say('withdraw')}
          </Button>
        ),
    },
  ]
  return (
    <div className="flex flex-col gap-4">
      <Today />
      <Panel
        title={say('exchangeRatesSet')}
        actions={
          mine && (
            <Button aria-haspopup="dialog" kind="primary" size="small" onClick={() => setAdding(true)}>
              {say('newExchange')}
            </Button>
          )
        }
      >
        {!mine && <p className="mb-3 text-sm text-soft">{say('exchangeForPlatform')}</p>}
        <Table order={order} caption={say('exchangeRatesSet')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<p className="text-sm">{say('exchangeNone')}</p>} />
      </Panel>
      <Dialog open={adding} title={say('newExchange')} onClose={() => setAdding(false)}>
        <NewExchange
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false)
            void again()
          }}
        />
      </Dialog>
      <Withdrawal
        what={leaving && say('exchange', { rate: time.number(Number(leaving.inr_per_usd), DIGITS), date: time.date(leaving.since) })}
        withdraw={() => withdrawExchangeRate({ path: { exchange_rate_id: leaving?.id ?? '' }, throwOnError: true }).then(again)}
        onClose={() => setLeaving(null)}
      />
    </div>
  )
}

function Today() {
  const say = useUsageWords()
  const time = useTime()
  const query = useQuery(getRateCardOptions())
  return (
    <Loaded query={query} lines={2}>
      {({ inr_per_usd, exchange_date, exchange_source }) =>
        inr_per_usd === null || exchange_date === null ? (
          <p className="text-sm">{say('exchangeUnknown')}</p>
        ) : (
          <div>
            <p className="text-2xl font-semibold tabular-nums">{say('exchangeToday', { rate: time.number(Number(inr_per_usd), DIGITS) })}</p>
            <p className="text-sm text-soft">
              {say('ofDay', { date: time.date(exchange_date) })} · {exchange_source}
            </p>
          </div>
        )
      }
    </Loaded>
  )
}

type Given = Record<'inr_per_usd' | 'since' | 'source', string>

function NewExchange({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const say = useUsageWords()
  const common = useCommonWords()
  const tell = useTell()
  const { register, handleSubmit } = useForm<Given>({ defaultValues: { since: today() } })
  const add = useMutation({
    mutationFn: (body: Given) => createExchangeRate({ body, throwOnError: true }),
    onSuccess: () => {
      tell(say('exchangeIsSet'))
      onDone()
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => add.mutate(given))(event)} className="flex flex-col gap-4">
      <TextField label={say('rupees')} type="number" inputMode="decimal" required min="0.000001" max="100000" step="0.000001" {...register('inr_per_usd')} />
      <TextField label={say('since')} hint={say('sinceHint')} type="date" required {...register('since')} />
      <TextField label={say('source')} hint={say('sourceHint')} required maxLength={200} {...register('source')} />
      {add.isError && <Refused error={add.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          {say('newExchange')}
        </Button>
      </div>
    </form>
  )
}
