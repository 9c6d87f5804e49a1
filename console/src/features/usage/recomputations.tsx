// Price a past time again by what holds now, and follow it until it is done.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useForm } from 'react-hook-form'
import { getUsageRecomputationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listUsageRecomputations, recomputeUsage } from '@/api/generated/sdk.gen'
import type { RecomputationOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { TextField } from '@/ui/field'
import { Badge, type Tone } from '@/ui/page'
import { Empty, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { dayEnd, dayStart, today } from './days'
import { useMoney } from './money'
import { useUsageWords } from './words'

const EVERY_MS = 2_000
const TONES: Record<string, Tone> = { queued: 'neutral', running: 'brand', done: 'good', failed: 'bad' }
const isOpen = (one: RecomputationOut) => one.status === 'queued' || one.status === 'running'

export function Recomputations() {
  const say = useUsageWords()
  const time = useTime()
  const money = useMoney()
  const cache = useQueryClient()
  const { may } = useSession()
  const [asking, setAsking] = useState(false)
  const order = useOrder(['created_at'], '-created_at')
  const rows = useRows(['recomputations', order.sort], async (cursor) => (await listUsageRecomputations({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const again = () => cache.invalidateQueries({ queryKey: ['recomputations'] })
  const columns: Column<RecomputationOut>[] = [
    { name: say('askedAt'), cell: (row) => time.moment(row.created_at), sort: 'created_at' },
    { name: say('period'), cell: (row) => `${time.date(row.since)} – ${time.date(lastMoment(row.until))}` },
    { name: say('state'), cell: (row) => (isOpen(row) ? <Followed row={row} onEnd={() => void again()} /> : <State status={row.status} />) },
    { name: say('calls'), numeric: true, cell: (row) => time.number(row.records) },
    { name: say('changedCalls'), numeric: true, cell: (row) => time.number(row.changed) },
    { name: say('before'), numeric: true, cell: (row) => (row.status === 'done' ? money.usd(row.before_usd) : '–') },
    { name: say('after'), numeric: true, cell: (row) => (row.status === 'done' ? money.usd(row.after_usd) : '–') },
  ]
  const start = may('rates:write') && (
    <Button aria-haspopup="dialog" kind="primary" onClick={() => setAsking(true)}>
      {say('recompute')}
    </Button>
  )
  return (
    <div className="flex flex-col items-start gap-4">
      <p className="max-w-prose text-sm text-soft">{say('recomputeMeans')}</p>
      {start}
      <div className="w-full">
        <Table order={order} caption={say('recomputations')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say('recomputationsNone')} />} />
      </div>
      <Dialog open={asking} title={say('recompute')} onClose={() => setAsking(false)}>
        <Ask
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false)
            void again()
          }}
        />
      </Dialog>
    </div>
  )
}

/** A period is kept without its end; people name its last day. */
const lastMoment = (until: string) => new Date(new Date(until).getTime() - 1)

function State({ status }: { status: string }) {
  const say = useUsageWords()
  return <Badge tone={TONES[status] ?? 'neutral'}>{say(`recompute_${status}` as 'recompute_done')}</Badge>
}

function Followed({ row, onEnd }: { row: RecomputationOut; onEnd: () => void }) {
  const options = getUsageRecomputationOptions({ path: { recomputation_id: row.id } })
  const { data = row } = useQuery({ ...options, refetchInterval: ({ state }) => (state.data && !isOpen(state.data) ? false : EVERY_MS) })
  const ended = !isOpen(data)
  useEffect(() => {
    if (ended) onEnd()
  }, [ended]) // `onEnd` is another with every render; what counts is that it ended
  return (
    <span role="status">
      <State status={data.status} />
    </span>
  )
}

type Given = { since: string; until: string }

function Ask({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const say = useUsageWords()
  const common = useCommonWords()
  const tell = useTell()
  const { register, handleSubmit } = useForm<Given>({ defaultValues: { since: `${today().slice(0, 7)}-01`, until: today() } })
  const ask = useMutation({
    mutationFn: ({ since, until }: Given) =>
      recomputeUsage({ body: { since: dayStart(since) ?? '', until: dayEnd(until) ?? '' }, throwOnError: true }),
    onSuccess: () => {
      tell(say('recomputeAsked'))
      onDone()
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => ask.mutate(given))(event)} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('recomputeMeans')}</p>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('firstDay')} type="date" required {...register('since')} />
        <TextField label={say('lastDay')} type="date" required {...register('until')} />
      </div>
      {ask.isError && <Refused error={ask.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={ask.isPending}>
          {say('recompute')}
        </Button>
      </div>
    </form>
  )
}
