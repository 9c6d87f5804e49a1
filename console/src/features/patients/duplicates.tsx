// Records that may be one person's, of all patients or of one; and what was merged, with the way back.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import {
  listDuplicatesOfPatientOptions,
  listLikelyDuplicatesOptions,
  listPatientMergesOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import { undoPatientMerge } from '@/api/generated/sdk.gen'
import type { Duplicate, Duplicates, MergeOut, PatientOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { Empty, Loaded, type Asked } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { MergeDialog } from './merge'
import { useMergeWords } from './merge-words'
import { nameOf } from './patients'
import { usePatientWords } from './words'

const MOST = 50

export function LikelyDuplicates() {
  const query = useQuery(listLikelyDuplicatesOptions({ query: { limit: MOST } }))
  return <Pairs query={query} />
}

export function DuplicatesOf({ patient }: { patient: PatientOut }) {
  const say = useMergeWords()
  const query = useQuery(listDuplicatesOfPatientOptions({ path: { patient_id: patient.id } }))
  return (
    <div className="flex flex-col gap-4">
      <Panel title={say('duplicates')}>
        <Pairs query={query} />
      </Panel>
      <Merges patient={patient} />
    </div>
  )
}

function Pairs({ query }: { query: Asked<Duplicates> }) {
  const say = useMergeWords()
  const [shown, setShown] = useState<Duplicate | null>(null)
  return (
    <Loaded query={query}>
      {({ items }) => (
        <>
          {items.length === 0 ? (
            <Empty title={say('none')}>{say('noneHint')}</Empty>
          ) : (
            <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
              {items.map((one) => (
                <Pair key={one.patient.id + one.other.id} pair={one} onMerge={() => setShown(one)} />
              ))}
            </ul>
          )}
          <MergeDialog pair={shown} onClose={() => setShown(null)} />
        </>
      )}
    </Loaded>
  )
}

function Pair({ pair, onMerge }: { pair: Duplicate; onMerge: () => void }) {
  const say = useMergeWords()
  const time = useTime()
  const known = (['birth_date', 'phone', 'email', 'name'] as const).filter((one) => pair.same.includes(one))
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 p-4 text-sm">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 font-medium">
          <RecordLink patient={pair.patient} />
          <span className="text-soft">{say('and')}</span>
          <RecordLink patient={pair.other} />
        </p>
        <p className="mt-1 flex flex-wrap gap-2 text-soft">
          {say('alike', { n: time.number(Math.round(pair.likeness * 100)) })}
          {known.map((one) => (
            <Badge key={one} tone="good">
              {say(`same_${one}`)}
            </Badge>
          ))}
        </p>
      </div>
      <Button aria-haspopup="dialog" size="small" aria-label={`${say('compare')}: ${nameOf(pair.patient)}, ${nameOf(pair.other)}`} onClick={onMerge}>
        {say('compare')}
      </Button>
    </li>
  )
}

function RecordLink({ patient }: { patient: PatientOut }) {
  return (
    <Link
      to="/patients/$patientId"
      params={{ patientId: patient.id }}
      className="text-brand underline-offset-4 hover:underline"
    >
      {nameOf(patient)}
      {patient.record_number && <span className="font-normal"> ({patient.record_number})</span>}
    </Link>
  )
}

function Merges({ patient }: { patient: PatientOut }) {
  const say = useMergeWords()
  const query = useQuery(listPatientMergesOptions({ path: { patient_id: patient.id } }))
  return (
    <Panel title={say('merges')}>
      <Loaded query={query}>
        {(all) =>
          all.length === 0 ? (
            <p className="text-sm text-soft">{say('mergesNone')}</p>
          ) : (
            <ul className="divide-y divide-line text-sm">
              {all.map((one) => (
                <Merged key={one.id} merge={one} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}

function Merged({ merge }: { merge: MergeOut }) {
  const say = useMergeWords()
  const words = usePatientWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const undo = useMutation({
    mutationFn: () => undoPatientMerge({ path: { merge_id: merge.id }, throwOnError: true }),
    onSuccess: () => tell(say('undone')),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries(),
  })
  const over = new Date(merge.undo_until) < new Date()
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3">
      <span>
        {say('mergedAt', { at: time.moment(merge.created_at) })}
        <span className="block text-soft">
          {merge.undone_at ? say('undoneAt', { at: time.moment(merge.undone_at) }) : say('undoUntil', { at: time.date(merge.undo_until) })}
        </span>
      </span>
      {!merge.undone_at && !over && may('patients:merge') && (
        <Button size="small" busy={undo.isPending} onClick={() => undo.mutate()}>
          {words('takeBack')}
        </Button>
      )}
    </li>
  )
}
