// Days that differ from the week: holidays, afternoons off, an extra Saturday.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listHoursExceptionsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { addHoursException, removeHoursException } from '@/api/generated/sdk.gen'
import type { ExceptionIn, ExceptionOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useClinicWords } from './words'

const AHEAD_MS = 365 * 86_400_000

const dayOf = (at: Date) => at.toLocaleDateString('sv') // year-month-day, by the reader's clock

export function Exceptions({ id }: { id: string }) {
  const say = useClinicWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const path = { professional_id: id }
  const [now] = useState(() => Date.now())
  const options = listHoursExceptionsOptions({ path, query: { start: dayOf(new Date(now)), end: dayOf(new Date(now + AHEAD_MS)) } })
  const query = useQuery(options)
  const again = () => cache.invalidateQueries({ queryKey: options.queryKey })
  const add = useMutation({
    mutationFn: (body: ExceptionIn) => addHoursException({ path, body, throwOnError: true }),
    onSuccess: () => tell(say('exceptionAdded')),
    onSettled: again,
  })
  const remove = useMutation({
    mutationFn: (one: ExceptionOut) => removeHoursException({ path: { ...path, exception_id: one.id }, throwOnError: true }),
    onSuccess: (_, { day, kind, opens, closes }) => tell(say('exceptionRemoved'), () => add.mutate({ day, kind, opens, closes })),
    onError: tell.refusal,
    onSettled: again,
  })
  return (
    <Panel title={say('exceptions')}>
      <div className="flex flex-col gap-4">
        <p className="text-sm text-soft">{say('exceptionsHint')}</p>
        <Loaded query={query}>
          {(items) =>
            items.length === 0 ? (
              <p className="text-sm">{say('exceptionsNone')}</p>
            ) : (
              <ul className="divide-y divide-line text-sm">
                {items.map((one) => (
                  <li key={one.id} className="flex items-center justify-between gap-3 py-2">
                    <span className="flex flex-wrap items-center gap-2">
                      <span className="font-medium">{time.date(one.day)}</span>
                      <Badge tone={one.kind === 'off' ? 'warn' : 'good'}>{say(`kind_${one.kind}`)}</Badge>
                      {one.opens && one.closes ? `${one.opens.slice(0, 5)} – ${one.closes.slice(0, 5)}` : say('allDay')}
                    </span>
                    <Button
                      size="small"
                      kind="quiet"
                      aria-label={`${say('takeBack')}: ${time.date(one.day)}`}
                      busy={remove.isPending && remove.variables.id === one.id}
                      onClick={() => remove.mutate(one)}
                    >
                      {say('takeBack')}
                    </Button>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
        <Adding busy={add.isPending} first={dayOf(new Date(now))} onAdd={(body) => add.mutateAsync(body)} />
        {add.isError && <Refused error={add.error} />}
      </div>
    </Panel>
  )
}

const NOTHING = { day: '', kind: 'off', allDay: true, opens: '09:00', closes: '13:00' } as const

function Adding({ busy, first, onAdd }: { busy: boolean; first: string; onAdd: (body: ExceptionIn) => Promise<unknown> }) {
  const say = useClinicWords()
  const [given, setGiven] = useState<{ day: string; kind: 'off' | 'extra'; allDay: boolean; opens: string; closes: string }>(NOTHING)
  useUnsaved(given.day !== '')
  const set = (change: Partial<typeof given>) => setGiven({ ...given, ...change })
  const timed = given.kind === 'extra' || !given.allDay
  const wrong = timed && given.closes <= given.opens
  const add = () =>
    onAdd({ day: given.day, kind: given.kind, opens: timed ? given.opens : null, closes: timed ? given.closes : null }).then(
      () => setGiven(NOTHING),
      () => undefined, // said below
    )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void add()
      }}
      className="flex flex-col gap-3 border-t border-line pt-4"
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField label={say('day')} type="date" required min={first} value={given.day} onChange={(event) => set({ day: event.target.value })} />
        <SelectField
          label={say('what')}
          value={given.kind}
          onChange={(event) => set({ kind: event.target.value as 'off' | 'extra' })}
          options={(['off', 'extra'] as const).map((value) => ({ value, label: say(`kind_${value}`) }))}
        />
      </div>
      {given.kind === 'off' && <CheckField label={say('allDay')} checked={given.allDay} onChange={(event) => set({ allDay: event.target.checked })} />}
      {timed && (
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField label={say('opens')} type="time" step={300} required value={given.opens} onChange={(event) => set({ opens: event.target.value })} />
          <TextField
            label={say('closes')}
            type="time"
            step={300}
            required
            value={given.closes}
            error={wrong ? say('fault_order') : undefined}
            onChange={(event) => set({ closes: event.target.value })}
          />
        </div>
      )}
      <Button type="submit" busy={busy} disabled={wrong} className="self-start">
        {say('exceptionAdd')}
      </Button>
    </form>
  )
}
