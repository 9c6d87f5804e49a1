// A free time of a professional, a week at a time; staff may name any other.
import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { listFreeTimesOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { FreeTime } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CheckField, TextField } from '@/ui/field'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { dayAfter, dayIn, instantOf } from './instants'
import { useAppointmentWords } from './words'

const DAYS = 7
const MOST = 200

export interface Chosen {
  starts_at: string
  outside_hours: boolean
}
interface Props {
  professionalId: string
  /** The clinic's: its day is what `today` is. */
  zone: string
  minutes: number
  chosen: Chosen | null
  onChoose: (chosen: Chosen | null) => void
}

export function ChooseTime({ professionalId, zone, minutes, chosen, onChoose }: Props) {
  const say = useAppointmentWords()
  const { may } = useSession()
  const today = dayIn(zone)
  const [day, setDay] = useState(today)
  const free = useQuery({
    ...listFreeTimesOptions({ query: { professional_id: professionalId, day, days: DAYS, minutes, limit: MOST } }),
    enabled: day !== '',
  })
  const go = (to: string) => {
    setDay(to < today ? today : to)
    onChoose(null)
  }
  return (
    <fieldset className="flex min-w-0 flex-col gap-3">
      <legend className="mb-2 text-sm font-medium">{say('free')}</legend>
      <div className="flex items-end gap-2">
        <Button size="icon" className="shrink-0" aria-label={say('weekBefore')} disabled={day <= today} onClick={() => go(dayAfter(day, -DAYS))}>
          <ChevronLeft aria-hidden className="size-4" />
        </Button>
        <div className="min-w-0 flex-1">
          <TextField label={say('day')} type="date" min={today} required value={day} onChange={(event) => event.target.value && go(event.target.value)} />
        </div>
        <Button size="icon" className="shrink-0" aria-label={say('weekAfter')} onClick={() => go(dayAfter(day, DAYS))}>
          <ChevronRight aria-hidden className="size-4" />
        </Button>
      </div>
      <Loaded query={free}>
        {({ items, time_zone }) => (
          <>
            <p className="text-sm text-soft">{items.length === 0 ? say('freeNone') : say('zone', { zone: time_zone })}</p>
            <Times items={items} zone={time_zone} chosen={chosen} onChoose={onChoose} />
            {may('appointments:write') && <Otherwise key={professionalId} zone={time_zone} first={day} onChoose={onChoose} />}
          </>
        )}
      </Loaded>
    </fieldset>
  )
}

function Times({ items, zone, chosen, onChoose }: { items: readonly FreeTime[]; zone: string } & Pick<Props, 'chosen' | 'onChoose'>) {
  const time = useTime(zone)
  const dayOf = (one: FreeTime) => one.local_start.slice(0, 10)
  const days = [...new Set(items.map(dayOf))].map((day) => ({ day, times: items.filter((one) => dayOf(one) === day) }))
  return (
    <div className="flex max-h-64 flex-col gap-3 overflow-y-auto p-1">
      {days.map(({ day, times }) => (
        <div key={day} role="group" aria-label={time.day(day)}>
          <p aria-hidden className="mb-1 text-sm font-medium">
            {time.day(day)}
          </p>
          <div className="flex flex-wrap gap-2">
            {times.map((one) => {
              const pressed = chosen !== null && chosen.starts_at === one.starts_at && !chosen.outside_hours
              return (
                <Button
                  key={one.starts_at}
                  size="small"
                  kind={pressed ? 'primary' : 'plain'}
                  aria-pressed={pressed}
                  onClick={() => onChoose({ starts_at: one.starts_at, outside_hours: false })}
                >
                  {time.time(one.starts_at)}
                </Button>
              )
            })}
          </div>
        </div>
      ))}
    </div>
  )
}

/** A time at which the professional is off: for staff who know that they come nevertheless. */
function Otherwise({ zone, first, onChoose }: { zone: string; first: string; onChoose: Props['onChoose'] }) {
  const say = useAppointmentWords()
  const [wanted, setWanted] = useState(false)
  const [local, setLocal] = useState({ day: first, time: '' })
  const set = (next: typeof local) => {
    setLocal(next)
    onChoose(next.day && next.time ? { starts_at: instantOf(`${next.day}T${next.time}`, zone).toISOString(), outside_hours: true } : null)
  }
  return (
    <>
      <CheckField
        label={say('outside')}
        hint={say('outsideHint')}
        checked={wanted}
        onChange={(event) => {
          setWanted(event.target.checked)
          onChoose(null)
        }}
      />
      {wanted && (
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField label={say('onDay')} type="date" value={local.day} onChange={(event) => set({ ...local, day: event.target.value })} />
          <TextField label={say('atTime')} type="time" step={300} value={local.time} onChange={(event) => set({ ...local, time: event.target.value })} />
        </div>
      )}
    </>
  )
}
