import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { asProblem } from '@/api/client'
import { listSimilarNotesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Panel } from '@/ui/page'
import { Refused, Skeleton } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useEmbed } from './ask'
import { useDeskWords } from './desk-words'

/** Signed notes like this one. They are looked for when asked: each that is shown is on record. */
export function Similar({ noteId }: { noteId: string }) {
  const say = useDeskWords()
  const [wanted, setWanted] = useState(false)
  return (
    <Panel title={say('similar')} className="no-print">
      <p className="mb-3 text-sm text-soft">{say('similarHint')}</p>
      {wanted ? <Found noteId={noteId} /> : <Button onClick={() => setWanted(true)}>{say('similarShow')}</Button>}
    </Panel>
  )
}

function Found({ noteId }: { noteId: string }) {
  const say = useDeskWords()
  const time = useTime()
  const { may } = useSession()
  const embed = useEmbed()
  const query = useQuery({ ...listSimilarNotesOptions({ query: { note_id: noteId } }), retry: false })
  if (query.isPending) return <Skeleton />
  if (query.isError)
    return (
      <div className="flex flex-col items-start gap-3">
        <Refused error={query.error} retry={() => void query.refetch()} />
        {asProblem(query.error).code === 'note.not_embedded' && may('notes:write') && (
          <Button size="small" busy={embed.isPending} onClick={() => embed.mutate([noteId])}>
            {say('embedOne')}
          </Button>
        )}
      </div>
    )
  if (query.data.notes.length === 0) return <p className="text-sm">{say('similarNone')}</p>
  return (
    <ol className="divide-y divide-line text-sm">
      {query.data.notes.map((one) => (
        <li key={one.note_id} className="flex flex-wrap items-center justify-between gap-2 py-2">
          <Link
            to="/notes/$noteId"
            params={{ noteId: one.note_id }}
            className="inline-flex min-h-6 items-center text-brand underline underline-offset-4"
          >
            <PatientName id={one.patient_id} />
          </Link>
          <span className="text-soft">{say('signedAt', { when: time.moment(one.approved_at) })}</span>
          <span className="tabular-nums">
            {say('like')}: {time.number(one.similarity, { style: 'percent', maximumFractionDigits: 0 })}
          </span>
        </li>
      ))}
    </ol>
  )
}
