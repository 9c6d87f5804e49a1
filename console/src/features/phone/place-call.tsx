import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { asProblem } from '@/api/client'
import { placePhoneCall } from '@/api/generated/sdk.gen'
import type { LineOut, PatientOut } from '@/api/generated/types.gen'
import { PickPatient } from '@/features/patients/pick-patient'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { usePhoneWords } from './words'

/** Names one wish to call: sent again after a lost answer, it calls nobody twice. (`randomUUID` is not there without TLS.) */
const wish = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

export function PlaceCall({ lines, onPlaced }: { lines: readonly LineOut[]; onPlaced: (id: string) => void }) {
  const say = usePhoneWords()
  const tell = useTell()
  const reads = useSession().may('patients:read')
  const [lineId, setLineId] = useState(lines[0]?.id ?? '')
  const [whom, setWhom] = useState<'patient' | 'number'>(reads ? 'patient' : 'number')
  const [patient, setPatient] = useState<PatientOut | null>(null)
  const [number, setNumber] = useState('')
  const [reason, setReason] = useState('')
  const [key, setKey] = useState(wish)
  const place = useMutation({
    mutationFn: () =>
      placePhoneCall({
        body: {
          line_id: lineId,
          patient_id: whom === 'patient' ? patient?.id : undefined,
          number: number.trim() || undefined,
          reason: reason.trim() || undefined,
        },
        headers: { 'Idempotency-Key': key },
        throwOnError: true,
      }),
    onSuccess: ({ data }) => {
      tell(say('placed'))
      onPlaced(data.id)
    },
    onError: (error) => {
      if (asProblem(error).status !== 0) setKey(wish()) // it was refused: the next is another wish
    },
  })
  if (lines.length === 0) return <p className="text-sm">{say('placeNone')}</p>
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        place.mutate()
      }}
      className="flex flex-col gap-4"
    >
      <p className="text-sm text-soft">{say('placeHint')}</p>
      <SelectField label={say('line')} value={lineId} onChange={(event) => setLineId(event.target.value)} options={lines.map((one) => ({ value: one.id, label: `${one.name} · ${one.number}` }))} />
      {reads && (
        <SelectField
          label={say('whom')}
          value={whom}
          onChange={(event) => setWhom(event.target.value as 'patient' | 'number')}
          options={(['patient', 'number'] as const).map((value) => ({ value, label: say(`whom_${value}`) }))}
        />
      )}
      {whom === 'patient' && <PickPatient chosen={patient} onChange={setPatient} />}
      <TextField
        label={say(whom === 'patient' ? 'otherNumber' : 'number')}
        told="number"
        hint={say(whom === 'patient' ? 'otherNumberHint' : 'numberHint')}
        type="tel"
        required={whom === 'number'}
        pattern="\+?[0-9 \(\)\.\-]+"
        maxLength={30}
        value={number}
        onChange={(event) => setNumber(event.target.value)}
      />
      <TextField label={say('reason')} told="reason" hint={say('reasonHint')} maxLength={300} value={reason} onChange={(event) => setReason(event.target.value)} />
      {place.isError && <Refused error={place.error} />}
      <Button type="submit" kind="primary" busy={place.isPending} disabled={whom === 'patient' && patient === null}>
        {say('callNow')}
      </Button>
    </form>
  )
}
