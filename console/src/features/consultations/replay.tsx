// What came of hearing a call again: each turn as it was beside the turn as it came out now.
import { useQuery } from '@tanstack/react-query'
import { getReplayOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useAlarmName } from '@/i18n/names'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { clock, useTime } from '@/ui/time'
import { useReplayWords } from './replay-words'

interface Exchange {
  start_s: number
  end_s: number
  text: string
  answer: string
  interrupted: boolean
  language: string | null
  red_flag: string | null
  first_audio_ms: number | null
}
interface Sums {
  turns: number
  interrupted: number
  red_flags: number
  median_first_audio_ms: number | null
}
interface Comparison {
  turns: { was: Exchange | null; now: Exchange | null; changed: string[] }[]
  was: Sums
  now: Sums
  changed: number
}

const CHANGES = ['times', 'text', 'answer', 'interrupted', 'language', 'red_flag', 'new turn', 'no turn'] as const

export function Replay({ id }: { id: string }) {
  const say = useReplayWords()
  const query = useQuery(getReplayOptions({ path: { replay_id: id } }))
  return (
    <Panel title={say('compared')}>
      <Loaded query={query} lines={8}>
        {({ result }) =>
          result ? <Compared of={result as unknown as Comparison} /> : <p className="text-sm text-soft">{say('resultNone')}</p>
        }
      </Loaded>
    </Panel>
  )
}

function Compared({ of }: { of: Comparison }) {
  const say = useReplayWords()
  const time = useTime()
  const rows: [string, (sums: Sums) => string][] = [
    [say('turns'), (sums) => time.number(sums.turns)],
    [say('interruptions'), (sums) => time.number(sums.interrupted)],
    [say('redFlags'), (sums) => time.number(sums.red_flags)],
    [say('median'), (sums) => (sums.median_first_audio_ms === null ? '–' : say('ms', { n: time.number(Math.round(sums.median_first_audio_ms)) }))],
  ]
  return (
    <div className="flex flex-col gap-4 text-sm">
      <p>{of.changed === 0 ? say('changedNone') : say('changed', { n: time.number(of.changed), all: time.number(of.turns.length) })}</p>
      <div className="overflow-x-auto">
        <table className="text-left">
          <caption className="sr-only">{say('sums')}</caption>
          <thead className="text-soft">
            <tr>
              <td />
              <th scope="col" className="px-4 py-1 text-right font-medium">
                {say('was')}
              </th>
              <th scope="col" className="px-4 py-1 text-right font-medium">
                {say('now')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, sum]) => (
              <tr key={name}>
                <th scope="row" className="py-1 pr-4 font-normal text-soft">
                  {name}
                </th>
                <td className="px-4 py-1 text-right tabular-nums">{sum(of.was)}</td>
                <td className="px-4 py-1 text-right tabular-nums">{sum(of.now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ol className="flex flex-col divide-y divide-line">
        {of.turns.map((turn, n) => (
          <li key={n} className="grid gap-3 py-4 md:grid-cols-2">
            <Turn title={say('was')} exchange={turn.was} />
            <Turn title={say('now')} exchange={turn.now} />
            {turn.changed.length > 0 && (
              <p className="flex flex-wrap gap-2 md:col-span-2">
                {CHANGES.filter((one) => turn.changed.includes(one)).map((one) => (
                  <Badge key={one} tone="warn">
                    {say(`change_${one}`)}
                  </Badge>
                ))}
              </p>
            )}
          </li>
        ))}
      </ol>
    </div>
  )
}

function Turn({ title, exchange }: { title: string; exchange: Exchange | null }) {
  const say = useReplayWords()
  const alarm = useAlarmName()
  const time = useTime()
  return (
    <div className="min-w-0 rounded-lg bg-sunken p-3">
      <h3 className="text-xs font-semibold text-soft">
        {title}
        {exchange && ` · ${clock(exchange.start_s)}–${clock(exchange.end_s)}`}
        {exchange?.first_audio_ms != null && ` · ${say('ms', { n: time.number(Math.round(exchange.first_audio_ms)) })}`}
      </h3>
      {exchange ? (
        <div lang={exchange.language ?? undefined}>
          <p className="mt-1 break-words">{exchange.text}</p>
          <p className="mt-1 break-words text-soft">{exchange.answer || '–'}</p>
          {exchange.red_flag && <Badge tone="bad">{say('redFlag', { what: alarm(exchange.red_flag) })}</Badge>}
        </div>
      ) : (
        <p className="mt-1 text-soft">{say('turnNone')}</p>
      )}
    </div>
  )
}
