import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { getAppointmentOptions, listBookableProfessionalsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { cancelAppointment, noteAppointmentOutcome } from '@/api/generated/sdk.gen'
import type { AppointmentOut } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { called, TYPES } from './book'
import { Move } from './move'
import { State } from './state'
import { useAppointmentWords } from './words'

/** One appointment, and what can be done with it. */
export function Appointment({ id }: { id: string }) {
  const query = useQuery(getAppointmentOptions({ path: { appointment_id: id } }))
  return <Loaded query={query}>{(appointment) => <Shown appointment={appointment} />}</Loaded>
}

function Shown({ appointment }: { appointment: AppointmentOut }) {
  const say = useAppointmentWords()
  const { may } = useSession()
  const [doing, setDoing] = useState<'move' | 'cancel' | null>(null)
  const over = new Date(appointment.starts_at).getTime() < Date.now()
  const books = may('appointments:write', 'own:book')
  return (
    <div className="flex flex-col gap-4">
      <Facts appointment={appointment} />
      {appointment.status === 'booked' && doing === null && (
        <div className="flex flex-wrap gap-2">
          {over && may('appointments:write') && <Outcome id={appointment.id} />}
          {books && <Button onClick={() => setDoing('move')}>{say('move')}</Button>}
          {books && <Button onClick={() => setDoing('cancel')}>{say('cancel')}</Button>}
        </div>
      )}
      {doing === 'move' && <Move appointment={appointment} onDone={() => setDoing(null)} />}
      {doing === 'cancel' && <Cancel id={appointment.id} onDone={() => setDoing(null)} />}
    </div>
  )
}

function Facts({ appointment }: { appointment: AppointmentOut }) {
  const say = useAppointmentWords()
  const time = useTime()
  const there = useTime('UTC') // `local_start` without its offset: what the clinic's clock shows
  const own = !useSession().may('appointments:read')
  const names = useQuery(listBookableProfessionalsOptions())
  const professional = names.data?.items.find((one) => one.id === appointment.professional_id)
  const atClinic = there.moment(`${appointment.local_start.slice(0, 19)}Z`)
  const here = time.moment(appointment.starts_at)
  const minutes = (Date.parse(appointment.ends_at) - Date.parse(appointment.starts_at)) / 60_000
  const type = TYPES.find((one) => one === appointment.type)
  const facts: [string, ReactNode][] = [
    [say('when'), here],
    ...(atClinic === here ? [] : [[say('atClinic'), atClinic] as [string, ReactNode]]),
    [say('length'), say('minutes', { n: minutes })],
    ...(own ? [] : [[say('patient'), <Patient key="patient" id={appointment.patient_id} />] as [string, ReactNode]]),
    [say('professional'), professional ? called(professional) : '–'],
    [say('type'), type ? say(`type_${type}`) : appointment.type],
    [say('reasonShown'), appointment.reason || '–'],
    [say('state'), <State key="state" of={appointment.status} />],
    [say('bookedOn'), time.moment(appointment.created_at)],
    ...(appointment.cancelled_at ? [[say('cancelledOn'), time.moment(appointment.cancelled_at)] as [string, ReactNode]] : []),
  ]
  return (
    <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Patient({ id }: { id: string }) {
  if (!useSession().may('patients:read')) return <PatientName id={id} />
  return (
    <Link to="/patients/$patientId" params={{ patientId: id }} className="text-brand underline underline-offset-4">
      <PatientName id={id} />
    </Link>
  )
}

/** After any change: the lists, and this one, are read anew. */
export function useAgain(id: string) {
  const cache = useQueryClient()
  return (data: AppointmentOut) => {
    cache.setQueryData(getAppointmentOptions({ path: { appointment_id: id } }).queryKey, data)
    void cache.invalidateQueries({ queryKey: ['appointments'] })
  }
}

function Outcome({ id }: { id: string }) {
  const say = useAppointmentWords()
  const tell = useTell()
  const again = useAgain(id)
  const note = useMutation({
    mutationFn: (outcome: 'kept' | 'missed') => noteAppointmentOutcome({ path: { appointment_id: id }, body: { outcome }, throwOnError: true }),
    onSuccess: ({ data }) => again(data),
    onError: tell.refusal,
  })
  return (['kept', 'missed'] as const).map((one) => (
    <Button key={one} kind="primary" busy={note.isPending && note.variables === one} onClick={() => note.mutate(one)}>
      {say(one)}
    </Button>
  ))
}

function Cancel({ id, onDone }: { id: string; onDone: () => void }) {
  const say = useAppointmentWords()
  const common = useCommonWords()
  const tell = useTell()
  const own = !useSession().may('appointments:read')
  const again = useAgain(id)
  const cancel = useMutation({
    mutationFn: () => cancelAppointment({ path: { appointment_id: id }, throwOnError: true }),
    onSuccess: ({ data }) => {
      again(data)
      tell(say('cancelled'))
      onDone()
    },
  })
  return (
    <div role="group" aria-label={say('cancel')} className="flex flex-col gap-3 rounded-lg bg-bad-wash p-3">
      <p className="text-sm">{say(own ? 'cancelHintOwn' : 'cancelHint')}</p>
      {cancel.isError && <Refused error={cancel.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{common('back')}</Button>
        <Button kind="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
          {say('cancel')}
        </Button>
      </div>
    </div>
  )
}
