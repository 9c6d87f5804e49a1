import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { CopyPlus, Plus, X } from 'lucide-react'
import { useState } from 'react'
import { getWeeklyHoursOptions } from '@/api/generated/@tanstack/react-query.gen'
import { setWeeklyHours } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { classes } from '@/ui/classes'
import { TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { DAYS, faultOf, lengthOf, minutesOf, nextOpening, openingsOf, sameWeek, weekOf, type Opening, type Week } from './hours'
import { useClinicWords } from './words'

const DAY_MINUTES = 24 * 60
const USUAL: Week = DAYS.map((day) => (day < 5 ? [nextOpening([])] : []))

export function WeeklyHours({ id }: { id: string }) {
  const say = useClinicWords()
  const query = useQuery(getWeeklyHoursOptions({ path: { professional_id: id } }))
  return (
    <Panel title={say('week')}>
      <Loaded query={query} lines={7}>
        {({ openings, time_zone }) => (
          <>
            <p className="mb-2 text-sm text-soft">{say('weekHint', { zone: time_zone })}</p>
            <Editor id={id} kept={weekOf(openings)} />
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function Editor({ id, kept }: { id: string; kept: Week }) {
  const say = useClinicWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [draft, setDraft] = useState<Week | null>(null)
  const week = draft ?? kept
  const changed = !sameWeek(week, kept)
  useUnsaved(changed)
  const faulty = week.some((openings) => faultOf(openings) !== null)
  const save = useMutation({
    mutationFn: (wanted: Week) =>
      setWeeklyHours({ path: { professional_id: id }, body: { openings: openingsOf(wanted) }, throwOnError: true }),
    onSuccess: ({ data }, wanted) => {
      cache.setQueryData(getWeeklyHoursOptions({ path: { professional_id: id } }).queryKey, data)
      setDraft(null)
      tell(say('weekSaved'), sameWeek(wanted, kept) ? undefined : () => save.mutate(kept))
    },
  })
  const set = (day: number, openings: readonly Opening[]) => setDraft(week.map((now, n) => (n === day ? openings : now)))
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(week)
      }}
    >
      {week.every((openings) => openings.length === 0) && (
        <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg bg-brand-wash p-3 text-sm">
          {say('weekNone')}
          <Button onClick={() => setDraft(USUAL)}>{say('weekUsual')}</Button>
        </div>
      )}
      <div aria-hidden className="grid grid-cols-[6.5rem_1fr_9rem] gap-x-4 pt-3 max-md:hidden">
        <div className="col-start-3 flex justify-between text-xs text-soft tabular-nums">
          {[0, 6, 12, 18, 24].map((hour) => (
            <span key={hour}>{hour}</span>
          ))}
        </div>
      </div>
      <ol className="divide-y divide-line">
        {DAYS.map((day) => (
          <Day key={day} day={day} openings={week[day] ?? []} before={week[day - 1]} onChange={(openings) => set(day, openings)} />
        ))}
      </ol>
      {save.isError && <Refused error={save.error} />}
      <div className={classes('-mx-1 flex flex-wrap items-center justify-end gap-2 bg-panel px-1 py-3', changed && 'sticky bottom-0')}>
        <span role="status" className="mr-auto text-sm text-soft">
          {changed && say(faulty ? 'weekFaulty' : 'weekChanged')}
        </span>
        {changed && <Button onClick={() => setDraft(null)}>{say('weekBack')}</Button>}
        <Button type="submit" kind="primary" busy={save.isPending} disabled={!changed || faulty}>
          {common('save')}
        </Button>
      </div>
    </form>
  )
}

interface DayProps {
  day: number
  openings: readonly Opening[]
  before: readonly Opening[] | undefined
  onChange: (openings: readonly Opening[]) => void
}

function Day({ day, openings, before, onChange }: DayProps) {
  const say = useClinicWords()
  const time = useTime()
  const name = time.weekday(day)
  const fault = faultOf(openings)
  const copies = before !== undefined && before.length > 0 && !sameWeek([before], [openings])
  return (
    <li className="grid gap-x-4 gap-y-2 py-3 md:grid-cols-[6.5rem_1fr_9rem] md:items-start">
      <h3 className="flex items-baseline justify-between gap-2 text-sm font-semibold md:min-h-11 md:flex-col md:justify-center md:gap-0">
        {name}
        <span className="font-normal text-soft">
          {openings.length === 0 ? say('closed') : say('hours', { n: time.number(lengthOf(openings), { maximumFractionDigits: 2 }) })}
        </span>
      </h3>
      <div className="flex min-w-0 flex-col gap-2">
        {openings.map((one, n) => (
          <Times
            key={n}
            name={openings.length > 1 ? `${name}, ${time.number(n + 1)}` : name}
            one={one}
            invalid={fault !== null}
            onChange={(next) => onChange(openings.map((now, m) => (m === n ? next : now)))}
            onRemove={() => onChange(openings.filter((_, m) => m !== n))}
          />
        ))}
        {fault && (
          <p role="alert" className="text-sm font-medium text-bad">
            {say(`fault_${fault}`)}
          </p>
        )}
        <div className="-ml-2 flex flex-wrap gap-1">
          <Button kind="quiet" className="px-2 text-brand" aria-label={`${say(openings.length ? 'moreHours' : 'open')}: ${name}`} onClick={() => onChange([...openings, nextOpening(openings)])}>
            <Plus aria-hidden className="size-4" />
            {say(openings.length ? 'moreHours' : 'open')}
          </Button>
          {copies && (
            <Button kind="quiet" className="px-2 text-soft" aria-label={`${name}: ${say('asBefore', { day: time.weekday(day - 1) })}`} onClick={() => onChange(before)}>
              <CopyPlus aria-hidden className="size-4" />
              {say('asBefore', { day: time.weekday(day - 1) })}
            </Button>
          )}
        </div>
      </div>
      <Strip openings={openings} />
    </li>
  )
}

interface TimesProps {
  name: string
  one: Opening
  invalid: boolean
  onChange: (one: Opening) => void
  onRemove: () => void
}

function Times({ name, one, invalid, onChange, onRemove }: TimesProps) {
  const say = useClinicWords()
  const given = { type: 'time', step: 300, unlabelled: true, required: true, className: 'min-w-32 px-2 sm:min-w-28', 'aria-invalid': invalid || undefined } as const
  return (
    <div className="flex items-center gap-1 sm:gap-2">
      <TextField {...given} label={`${name}: ${say('opens')}`} value={one.opens} onChange={(event) => onChange({ ...one, opens: event.target.value })} />
      <span aria-hidden>–</span>
      <TextField {...given} label={`${name}: ${say('closes')}`} value={one.closes} onChange={(event) => onChange({ ...one, closes: event.target.value })} />
      <Button kind="quiet" size="icon" className="shrink-0" aria-label={`${say('removeHours')}: ${name}`} onClick={onRemove}>
        <X aria-hidden className="size-4" />
      </Button>
    </div>
  )
}

/** The day at a glance, midnight to midnight; what it shows is in the fields beside it. */
function Strip({ openings }: { openings: readonly Opening[] }) {
  return (
    <div aria-hidden className="max-md:hidden">
      <div className="relative mt-4 h-3 overflow-hidden rounded-full bg-sunken">
        {openings
          .filter((one) => one.closes > one.opens && one.opens)
          .map((one, n) => (
            <div
              key={n}
              className="absolute inset-y-0 rounded-full bg-brand"
              style={{
                left: `${(minutesOf(one.opens) / DAY_MINUTES) * 100}%`,
                width: `${((minutesOf(one.closes) - minutesOf(one.opens)) / DAY_MINUTES) * 100}%`,
              }}
            />
          ))}
      </div>
    </div>
  )
}
