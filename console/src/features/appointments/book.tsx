import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listBookableProfessionalsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { bookAppointment } from '@/api/generated/sdk.gen'
import type { BookableOut, PatientOut } from '@/api/generated/types.gen'
import { PickPatient } from '@/features/patients/pick-patient'
import { useMe } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { ChooseTime, type Chosen } from './choose-time'
import { useAppointmentWords } from './words'

export const MINUTES = [15, 20, 30, 45, 60, 90] as const
export const TYPES = ['in_person', 'voice', 'video', 'phone', 'text'] as const

export const called = (one: BookableOut) => [one.name, one.specialty ?? one.department].filter(Boolean).join(', ')

export function Book({ onDone }: { onDone: () => void }) {
  const say = useAppointmentWords()
  const tell = useTell()
  const own = useMe().patient_id
  const [patient, setPatient] = useState<PatientOut | null>(null)
  const [given, setGiven] = useState({ professional: '', minutes: 30, type: 'in_person' as (typeof TYPES)[number], reason: '' })
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const professionals = useQuery(listBookableProfessionalsOptions())
  const whom = given.professional || professionals.data?.items[0]?.id || ''
  const set = (change: Partial<typeof given>) => setGiven({ ...given, ...change })
  const book = useMutation({
    mutationFn: ({ starts_at, outside_hours }: Chosen) =>
      bookAppointment({
        body: {
          patient_id: own === null ? patient?.id : undefined,
          professional_id: whom,
          starts_at,
          outside_hours,
          minutes: given.minutes,
          type: given.type,
          reason: given.reason.trim() || null,
        },
        throwOnError: true,
      }),
    onSuccess: () => {
      tell(say('booked'))
      onDone()
    },
  })
  return (
    <Loaded query={professionals} lines={6}>
      {({ items, time_zone }) =>
        items.length === 0 ? (
          <p className="text-sm text-soft">{say('professionalNone')}</p>
        ) : (
          <div className="flex flex-col gap-4">
            {own === null && <PickPatient chosen={patient} onChange={setPatient} />}
            <SelectField
              label={say('professional')}
              value={whom}
              onChange={(event) => {
                set({ professional: event.target.value })
                setChosen(null)
              }}
              options={items.map((one) => ({ value: one.id, label: called(one) }))}
            />
            <div className="grid gap-4 sm:grid-cols-2">
              <Length
                minutes={given.minutes}
                onChange={(minutes) => {
                  set({ minutes })
                  setChosen(null)
                }}
              />
              <SelectField
                label={say('type')}
                value={given.type}
                onChange={(event) => set({ type: event.target.value as (typeof TYPES)[number] })}
                options={TYPES.map((value) => ({ value, label: say(`type_${value}`) }))}
              />
            </div>
            <ChooseTime professionalId={whom} zone={time_zone} minutes={given.minutes} chosen={chosen} onChoose={setChosen} />
            <TextField label={say('reason')} value={given.reason} maxLength={500} onChange={(event) => set({ reason: event.target.value })} />
            {book.isError && <Refused error={book.error} />}
            <Button kind="primary" busy={book.isPending} disabled={chosen === null || (own === null && patient === null)} onClick={() => chosen && book.mutate(chosen)}>
              {say('book')}
            </Button>
          </div>
        )
      }
    </Loaded>
  )
}

export function Length({ minutes, onChange }: { minutes: number; onChange: (minutes: number) => void }) {
  const say = useAppointmentWords()
  const offered = [...new Set([...MINUTES, minutes])].toSorted((one, other) => one - other)
  return (
    <SelectField
      label={say('length')}
      value={String(minutes)}
      onChange={(event) => onChange(Number(event.target.value))}
      options={offered.map((n) => ({ value: String(n), label: say('minutes', { n }) }))}
    />
  )
}
