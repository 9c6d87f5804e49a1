import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import {
  listBookableProfessionalsOptions,
  listFreeTimesOptions,
  listPatientsOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import { bookAppointment } from '@/api/generated/sdk.gen'
import { nameOf } from '@/features/patients/patients'
import { useMe } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useAppointmentWords } from './words'

const MINUTES = 30

export function Book({ onDone }: { onDone: () => void }) {
  const say = useAppointmentWords()
  const tell = useTell()
  const own = useMe().patient_id
  const [patientId, setPatientId] = useState(own ?? '')
  const [professionalId, setProfessionalId] = useState('')
  const [day, setDay] = useState(() => new Date().toISOString().slice(0, 10))
  const [reason, setReason] = useState('')
  const professionals = useQuery(listBookableProfessionalsOptions())
  const patients = useQuery({ ...listPatientsOptions({ query: { limit: 100 } }), enabled: own === null })
  const chosen = professionalId || professionals.data?.items[0]?.id || ''
  const whose = patientId || patients.data?.items[0]?.id || ''
  const free = useQuery({
    ...listFreeTimesOptions({ query: { professional_id: chosen, day, days: 7, minutes: MINUTES, limit: 24 } }),
    enabled: chosen !== '',
  })
  const book = useMutation({
    mutationFn: (startsAt: string) =>
      bookAppointment({
        body: {
          patient_id: own === null ? whose : undefined,
          professional_id: chosen,
          starts_at: startsAt,
          minutes: MINUTES,
          reason: reason.trim() || null,
        },
        throwOnError: true,
      }),
    onSuccess: () => {
      tell(say('booked'))
      onDone()
    },
  })
  if (professionals.data?.items.length === 0) return <p className="text-sm text-soft">{say('professionalNone')}</p>
  return (
    <div className="flex flex-col gap-4">
      {own === null && (
        <SelectField
          label={say('patient')}
          value={whose}
          onChange={(event) => setPatientId(event.target.value)}
          options={(patients.data?.items ?? []).map((one) => ({ value: one.id, label: nameOf(one) }))}
        />
      )}
      <SelectField
        label={say('professional')}
        value={chosen}
        onChange={(event) => setProfessionalId(event.target.value)}
        options={(professionals.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))}
      />
      <TextField label={say('day')} type="date" value={day} onChange={(event) => setDay(event.target.value)} />
      <TextField label={say('reason')} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
      {chosen !== '' && (
        <fieldset>
          <legend className="mb-2 text-sm font-medium">{say('free')}</legend>
          <Loaded query={free}>
            {({ items, time_zone }) => (
              <div className="flex flex-col gap-2">
                <p className="text-sm text-soft">{items.length === 0 ? say('freeNone') : say('zone', { zone: time_zone })}</p>
                <div className="flex max-h-56 flex-wrap gap-2 overflow-y-auto">
                  {items.map((one) => (
                    <Button
                      key={one.starts_at}
                      size="small"
                      busy={book.isPending && book.variables === one.starts_at}
                      disabled={own === null && whose === ''}
                      onClick={() => book.mutate(one.starts_at)}
                    >
                      {one.local_start.replace('T', ' ').slice(5, 16)}
                    </Button>
                  ))}
                </div>
              </div>
            )}
          </Loaded>
        </fieldset>
      )}
      {book.isError && <Refused error={book.error} />}
    </div>
  )
}
