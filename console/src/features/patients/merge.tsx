// Two records of one person: looked at beside each other, then made one. Nothing is moved, so it can be taken back.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ArrowLeftRight } from 'lucide-react'
import { useState } from 'react'
import { mergePatients, undoPatientMerge } from '@/api/generated/sdk.gen'
import type { Duplicate, PatientOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useMergeWords } from './merge-words'
import { nameOf } from './patients'
import { usePatientWords } from './words'

export function MergeDialog({ pair, onClose }: { pair: Duplicate | null; onClose: () => void }) {
  const say = useMergeWords()
  return (
    <Dialog open={pair !== null} title={say('mergeTitle')} onClose={onClose}>
      {pair && <Merge key={pair.patient.id + pair.other.id} pair={pair} onClose={onClose} />}
    </Dialog>
  )
}

function Merge({ pair, onClose }: { pair: Duplicate; onClose: () => void }) {
  const say = useMergeWords()
  const common = useCommonWords()
  const tell = useTell()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const [turned, setTurned] = useState(false)
  const [kept, other] = turned ? [pair.other, pair.patient] : [pair.patient, pair.other]
  // Old ids lead to the kept record from now on: whatever is shown of either is asked for anew.
  const again = () => cache.invalidateQueries()
  const merge = useMutation({
    mutationFn: () => mergePatients({ path: { patient_id: kept.id }, body: { duplicate_id: other.id }, throwOnError: true }),
    onSuccess: ({ data }) => {
      tell(say('merged'), () =>
        undoPatientMerge({ path: { merge_id: data.id }, throwOnError: true }).then(() => {
          tell(say('undone'))
          return again()
        }, tell.refusal),
      )
      onClose()
      void again()
      void navigate({ to: '/patients/$patientId', params: { patientId: kept.id } })
    },
  })
  return (
    <>
      <Beside kept={kept} other={other} same={pair.same} />
      <ul className="list-disc space-y-1 pl-5 text-sm">
        <li>{say('effectDetails', { name: nameOf(kept) })}</li>
        <li>{say('effectTogether')}</li>
        <li>{say('effectUndo')}</li>
      </ul>
      {merge.isError && <Refused error={merge.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button className="mr-auto" onClick={() => setTurned(!turned)}>
          <ArrowLeftRight aria-hidden className="size-4" />
          {say('keepOther')}
        </Button>
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button kind="primary" busy={merge.isPending} onClick={() => merge.mutate()}>
          {say('merge')}
        </Button>
      </footer>
    </>
  )
}

/** Both records, line by line; what agrees is said so, not by colour alone. */
function Beside({ kept, other, same }: { kept: PatientOut; other: PatientOut; same: readonly string[] }) {
  const say = useMergeWords()
  const words = usePatientWords()
  const time = useTime()
  const day = (at: string | null | undefined) => (at ? time.date(at) : '')
  const gender = (one: PatientOut) =>
    (['female', 'male', 'other'] as const).filter((known) => known === one.gender).map((known) => words(`gender_${known}`))[0]
  const rows: [string, string, (one: PatientOut) => string | null | undefined][] = [
    ['name', words('name'), nameOf],
    ['birth_date', words('birthDate'), (one) => day(one.birth_date)],
    ['gender', words('gender'), gender],
    ['phone', words('phone'), (one) => one.phone],
    ['email', words('email'), (one) => one.email],
    ['address', words('address'), (one) => one.address],
    ['record_number', words('recordNumber'), (one) => one.record_number],
    ['created', say('since'), (one) => day(one.created_at)],
  ]
  return (
    <div className="overflow-x-auto rounded-lg border border-line">
      <table className="w-full text-left text-sm" aria-live="polite">
        <caption className="sr-only">{say('beside')}</caption>
        <thead className="border-b border-line">
          <tr>
            <td className="px-3 py-2" />
            <th scope="col" className="px-3 py-2 font-medium">
              {say('kept')}
            </th>
            <th scope="col" className="px-3 py-2 font-medium text-soft">
              {say('absorbed')}
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map(([field, name, of]) => (
            <tr key={field}>
              <th scope="row" className="px-3 py-2 align-top font-normal text-soft">
                {name}
              </th>
              <td className="px-3 py-2 align-top break-words">{of(kept) || '–'}</td>
              <td className="px-3 py-2 align-top break-words">
                {of(other) || '–'} {same.includes(field) && <Badge tone="good">{say(of(kept) === of(other) ? 'same' : 'alikeName')}</Badge>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
