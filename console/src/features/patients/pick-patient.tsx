import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { listPatients, searchPatients } from '@/api/generated/sdk.gen'
import type { PatientOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Loaded } from '@/ui/states'
import { usePickWords } from './pick-words'

const MOST = 8
const PAUSE_MS = 250
const SHORTEST = 2 // what the API searches by

/** Chooses one patient of many, by searching; the newest are offered before anything is typed. */
export function PickPatient({ chosen, onChange }: { chosen: PatientOut | null; onChange: (patient: PatientOut | null) => void }) {
  const say = usePickWords()
  const [text, setText] = useState('')
  const wanted = useSettled(text.trim())
  const query = useQuery({ queryKey: ['pick-patient', wanted], queryFn: () => found(wanted), gcTime: 0, enabled: chosen === null })
  if (chosen)
    return (
      <div className="flex flex-wrap items-center justify-between gap-2 rounded-lg bg-sunken p-2 pl-3 text-sm">
        <span role="status">{say('chosen', { name: nameOf(chosen) })}</span>
        <Button size="small" onClick={() => onChange(null)}>
          {say('change')}
        </Button>
      </div>
    )
  return (
    <div className="flex flex-col gap-2">
      <TextField
        label={say('patient')}
        hint={say('hint')}
        type="search"
        autoComplete="off"
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Loaded query={query} lines={4}>
        {(patients) => (
          <ul aria-live="polite" className="flex max-h-56 flex-col overflow-y-auto rounded-lg border border-line">
            {patients.length === 0 && <li className="p-3 text-sm text-soft">{say('none')}</li>}
            {patients.map((one) => (
              <li key={one.id} className="border-b border-line last:border-0">
                <button type="button" onClick={() => onChange(one)} className="flex min-h-11 w-full flex-wrap items-center justify-between gap-x-3 px-3 text-left text-sm hover:bg-sunken focus-visible:-outline-offset-2">
                  <span className="font-medium">{nameOf(one)}</span>
                  <span className="text-soft">{[one.record_number, one.phone].filter(Boolean).join(' · ')}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </div>
  )
}

const nameOf = (one: PatientOut) => [one.given_name, one.family_name].filter(Boolean).join(' ')

async function found(text: string): Promise<PatientOut[]> {
  if (text.length < SHORTEST) return (await listPatients({ query: { limit: MOST }, throwOnError: true })).data.items
  const { data } = await searchPatients({ body: { text, limit: MOST }, throwOnError: true })
  return data.items.map((one) => one.patient)
}

/** A value once it has not changed for a moment: each is a search. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const over = window.setTimeout(() => setSettled(value), PAUSE_MS)
    return () => window.clearTimeout(over)
  }, [value])
  return settled
}
