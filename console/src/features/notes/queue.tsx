// What waits for whom: how much of each, and the notes themselves in the order one would take them.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { countQueueOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listQueue } from '@/api/generated/sdk.gen'
import type { QueueCounts, Queued } from '@/api/generated/types.gen'
import { MemberName } from '@/features/members/member-name'
import { PatientName } from '@/features/patients/patient-name'
import { useSession } from '@/session/session'
import { Failed } from '@/ui/failed'
import { Badge } from '@/ui/page'
import { Empty } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { AssignButton } from './assign'
import { useDeskWords } from './desk-words'
import { useTemplateNames } from './template-names'
import { useNoteWords } from './words'

const SHOWN = ['everyone', 'mine', 'unassigned', 'others', 'queued', 'generating', 'failed'] as const
export type Shown = (typeof SHOWN)[number]
const COUNTED_MS = 15_000

export function Queue() {
  const { show: wanted } = useSearch({ strict: false }) as { show?: string }
  const show = SHOWN.find((one) => one === wanted) ?? 'everyone'
  return (
    <div className="flex flex-col gap-4">
      <Filter show={show} />
      <Waiting show={show} />
    </div>
  )
}

function Filter({ show }: { show: Shown }) {
  const say = useDeskWords()
  const time = useTime()
  const navigate = useNavigate()
  const { data } = useQuery({ ...countQueueOptions(), refetchInterval: COUNTED_MS })
  return (
    <div className="flex flex-col gap-2">
      <div role="group" aria-label={say('filter')} className="flex flex-wrap gap-2">
        {SHOWN.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={show === one}
            onClick={() => void navigate({ to: '/notes', search: { show: one } })}
            className="flex min-h-11 items-center gap-2 rounded-full border border-line bg-panel px-4 text-sm font-medium text-ink hover:bg-sunken aria-pressed:border-brand aria-pressed:bg-brand-wash"
          >
            {say(one)}
            {data && <span className="text-soft tabular-nums">{time.number(count(data, one))}</span>}
          </button>
        ))}
      </div>
      {data?.oldest_draft_at && <p className="text-sm text-soft">{say('oldest', { when: time.moment(data.oldest_draft_at) })}</p>}
    </div>
  )
}

function count({ drafts, ...states }: QueueCounts, one: Shown): number {
  if (one === 'everyone') return drafts.mine + drafts.unassigned + drafts.others
  return one === 'mine' || one === 'unassigned' || one === 'others' ? drafts[one] : states[one]
}

function asked(show: Shown) {
  if (show === 'queued' || show === 'generating' || show === 'failed') return { state: show }
  return { state: 'draft' as const, whose: show === 'everyone' ? undefined : show }
}

function Waiting({ show }: { show: Shown }) {
  const say = useDeskWords()
  const note = useNoteWords()
  const time = useTime()
  const { may } = useSession()
  const nameOf = useTemplateNames()
  const rows = useRows(['notes', 'queue', show], async (cursor) => {
    const { data } = await listQueue({ query: { ...asked(show), cursor }, throwOnError: true })
    return data
  })
  const columns: Column<Queued>[] = [
    { name: note('patient'), cell: (row) => <PatientName id={row.patient_id} /> },
    { name: note('template'), cell: (row) => nameOf(row.template) },
    { name: say('flags'), cell: (row) => <Flags row={row} /> },
    { name: say('assignedTo'), cell: (row) => (row.assigned_to ? <MemberName id={row.assigned_to} /> : '–') },
    { name: note('waiting'), cell: (row) => time.ago(row.created_at) },
    ...(may('notes:approve') ? [{ name: '', cell: (row: Queued) => <AssignButton note={row} size="small" /> }] : []),
  ]
  return (
    <Table
      caption={say('queue')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      to={(row) => ({ to: '/notes/$noteId', params: { noteId: row.id } })}
      empty={<Empty title={note('none')}>{note('noneHint')}</Empty>}
    />
  )
}

function Flags({ row }: { row: Queued }) {
  const note = useNoteWords()
  return (
    <span className="inline-flex flex-wrap gap-1">
      {row.contradicted > 0 && (
        <Badge tone="bad">
          {row.contradicted} {note('contradicted')}
        </Badge>
      )}
      {row.unseen > 0 && <Badge tone="warn">{note('unseen', { n: row.unseen })}</Badge>}
      {row.failure_code && <Failed code={row.failure_code} />}
      {row.contradicted === 0 && row.unseen === 0 && !row.failure_code && '–'}
    </span>
  )
}
