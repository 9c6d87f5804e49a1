// The review of one note: its statements on the left, what was said on the right, and who answers for it at the end.
// Keys: N next unverified, A looked at, P play, E edit.
import { useNavigate, useParams } from '@tanstack/react-router'
import { Eye, EyeOff, FilePlus2, Printer, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { NoteOut, StatementOut } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { Ratings } from '@/features/ratings/ratings'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Failed } from '@/ui/failed'
import { CheckField } from '@/ui/field'
import { Badge, Page, PageOf, Panel } from '@/ui/page'
import { Empty, Skeleton } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { AssignButton } from './assign'
import { ExportMenu } from './export-menu'
import { History } from './history'
import { useMethod } from './methods'
import { OwnNote } from './own-notes'
import { NotePaper } from './paper'
import { Parts } from './parts'
import { ReasonDialog } from './reason-dialog'
import { Signature } from './signature'
import { Similar } from './similar'
import { DocumentSource, Source } from './source'
import { useKeys, useKeysWanted } from './use-keys'
import { usePlayback } from './use-playback'
import { useReview, type Editing, type Review } from './use-review'
import { useNoteWords } from './words'

export function NoteReview() {
  const { noteId } = useParams({ strict: false }) as { noteId: string }
  const { may } = useSession()
  return may('notes:read') ? <Reviewing key={noteId} noteId={noteId} /> : <OwnNote noteId={noteId} />
}

function Reviewing({ noteId }: { noteId: string }) {
  const review = useReview(noteId)
  return (
    <PageOf query={review.query}>
      {(note) => (
        <>
          <div className="no-print">
            <Desk note={note} review={review} />
          </div>
          <NotePaper note={note} />
        </>
      )}
    </PageOf>
  )
}

function Desk({ note, review }: { note: NoteOut; review: Review }) {
  const say = useNoteWords()
  const time = useTime()
  const draftedBy = useMethod()
  const [activeId, setActiveId] = useState<string | null>(null)
  const [editing, setEditing] = useState<Editing | null>(null)
  const active = note.statements.find((one) => one.id === activeId)
  const [keysWanted, wantKeys] = useKeysWanted()
  const playback = usePlayback(note.consultation_id ?? null)
  useKeys({
    wanted: keysWanted,
    note,
    active,
    onActive: setActiveId,
    onEdit: (one) => setEditing({ one, version: note.version }),
    onAccept: (one) => one.seen_by === null && review.see.mutate(one),
    onPlay: (one) => playback(one.evidence)?.(),
  })
  const working = note.status === 'queued' || note.status === 'generating'
  return (
    <Page
      wide
      title={note.title}
      hint={
        <>
          <PatientName id={note.patient_id} /> · {time.moment(note.created_at)} · {say('drafted', { method: draftedBy(note.method, note.model) })}
        </>
      }
      actions={<Actions note={note} review={review} />}
    >
      <p role="status" className="flex flex-wrap items-center gap-2">
        <Badge tone={note.status === 'approved' ? 'good' : note.status === 'failed' ? 'bad' : 'brand'}>
          {note.status === 'deleted' ? note.status : say(note.status)}
        </Badge>
        <Badge>{say('version', { n: note.version })}</Badge>
        {note.failure_code && <Failed code={note.failure_code} />}
      </p>
      {working ? (
        <Skeleton lines={10} />
      ) : (
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <div className="flex min-w-0 flex-col gap-4">
            <div className="no-print">
              <CheckField label={say('keys')} hint={say('keysHint')} checked={keysWanted} onChange={(event) => wantKeys(event.target.checked)} />
            </div>
            <Parts
              note={note}
              review={review}
              activeId={activeId}
              editing={editing}
              onActive={setActiveId}
              onEditing={setEditing}
              play={playback}
            />
            <Missing note={note} />
            <Addenda note={note} />
            <Signature note={note} review={review} onNext={setActiveId} />
            <History key={note.version} note={note} />
            {note.consultation_id && <Ratings consultationId={note.consultation_id} />}
            {note.status === 'approved' && <Similar noteId={note.id} />}
          </div>
          {note.consultation_id ? (
            <Source consultationId={note.consultation_id} evidence={active?.evidence ?? []} />
          ) : note.document_id ? (
            <DocumentSource documentId={note.document_id} evidence={active?.evidence ?? []} />
          ) : (
            <Empty title={say('noSource')} />
          )}
        </div>
      )}
    </Page>
  )
}

function Actions({ note, review }: { note: NoteOut; review: Review }) {
  const say = useNoteWords()
  const tell = useTell()
  const navigate = useNavigate()
  const { may } = useSession()
  const [amending, setAmending] = useState(false)
  const discard = () =>
    review.discard.mutate(undefined, {
      onSuccess: () => {
        tell(say('discarded'))
        void navigate({ to: '/notes', ignoreBlocker: true })
      },
    })
  const first = note.parts[0]
  return (
    <>
      {may('notes:reveal') && (
        <Button onClick={() => review.reveal(!review.revealed)}>
          {review.revealed ? <EyeOff aria-hidden className="size-4" /> : <Eye aria-hidden className="size-4" />}
          {say(review.revealed ? 'hide' : 'reveal')}
        </Button>
      )}
      <Button onClick={() => window.print()}>
        <Printer aria-hidden className="size-4" />
        {say('print')}
      </Button>
      <ExportMenu note={note} />
      {note.status === 'approved' && may('notes:approve') && first && (
        <Button
          aria-haspopup="dialog"
          onClick={() => {
            review.amend.reset()
            setAmending(true)
          }}
        >
          <FilePlus2 aria-hidden className="size-4" />
          {say('addendum')}
        </Button>
      )}
      {note.status === 'draft' && may('notes:approve') && <AssignButton note={note} />}
      {note.status === 'draft' && may('notes:write') && (
        <Button kind="quiet" busy={review.discard.isPending} onClick={discard}>
          <Trash2 aria-hidden className="size-4" />
          {say('discard')}
        </Button>
      )}
      <ReasonDialog
        open={amending}
        title={say('addendum')}
        label={say('editing')}
        hint={say('addendumHint')}
        action={say('approve')}
        busy={review.amend.isPending}
        error={review.amend.error}
        onClose={() => setAmending(false)}
        onDone={(text) =>
          first &&
          review.amend.mutate(
            { part: first.key, section: first.section, text },
            {
              onSuccess: () => {
                setAmending(false)
                tell(say('addendumMade'))
              },
            },
          )
        }
      />
    </>
  )
}

function Missing({ note }: { note: NoteOut }) {
  const say = useNoteWords()
  const time = useTime()
  return (
    <Panel title={say('missing')}>
      {note.completeness !== null && note.completeness !== undefined && (
        <p className="mb-2 text-sm text-soft">
          {say('completeness')}: {time.number(note.completeness, { style: 'percent' })}
        </p>
      )}
      {note.missing.length === 0 ? (
        <p className="text-sm">{say('missingNone')}</p>
      ) : (
        <ul className="flex flex-col gap-2 text-sm">
          {note.missing.map((one, n) => (
            <li key={n} className="rounded-lg bg-warn-wash p-2">
              <span className="font-medium">{one.text}</span> <span className="text-soft">“{one.quote}”</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

function Addenda({ note }: { note: NoteOut }) {
  const say = useNoteWords()
  const time = useTime()
  if (note.addenda.length === 0) return null
  return (
    <Panel title={say('addenda')}>
      <ul className="flex flex-col gap-3">
        {note.addenda.map((one) => (
          <li key={one.id}>
            <p className="text-sm text-soft">
              {one.author}, {time.moment(one.created_at)}
            </p>
            {one.statements.map((statement: StatementOut) => (
              <p key={statement.id}>{statement.text}</p>
            ))}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
