// Notes: what waits for whom, and all there are. A patient sees the signed ones about themselves.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { listNotes, listQueue } from '@/api/generated/sdk.gen'
import type { NoteRow, Queued } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useSession } from '@/session/session'
import { Badge, Page, type Tone } from '@/ui/page'
import { Empty } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { Tabs } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { OwnNotes } from './own-notes'
import { useNoteWords } from './words'

export function Notes() {
  const { may } = useSession()
  return may('notes:read') ? <Desk /> : <OwnNotes />
}

const TABS = ['queue', 'mine', 'unassigned', 'others', 'failed', 'all'] as const

function Desk() {
  const say = useNoteWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { tab = 'queue' } = useSearch({ strict: false }) as { tab?: (typeof TABS)[number] }
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })}>
      <Tabs
        label={say('queue')}
        value={tab}
        onChange={(next) => void navigate({ to: '/notes', search: { tab: next } })}
        options={TABS.map((value) => ({ value, label: say(value) }))}
      >
        {tab === 'all' ? <All /> : <Queue tab={tab} />}
      </Tabs>
    </Page>
  )
}

function Queue({ tab }: { tab: Exclude<(typeof TABS)[number], 'all'> }) {
  const say = useNoteWords()
  const time = useTime()
  const query = tab === 'failed' ? { state: 'failed' as const } : { state: 'draft' as const, whose: tab === 'queue' ? undefined : tab }
  const rows = useRows(['notes', 'queue', query], async (cursor) => {
    const { data } = await listQueue({ query: { ...query, cursor }, throwOnError: true })
    return data
  })
  const columns: Column<Queued>[] = [
    { name: say('patient'), cell: (row) => <PatientName id={row.patient_id} /> },
    { name: say('template'), cell: (row) => row.template },
    {
      name: say('flagged'),
      cell: (row) => (
        <span className="flex flex-wrap gap-1">
          {row.contradicted > 0 && (
            <Badge tone="bad">
              {row.contradicted} {say('contradicted')}
            </Badge>
          )}
          {row.unseen > 0 && <Badge tone="warn">{say('unseen', { n: row.unseen })}</Badge>}
          {row.failure_code && <Badge tone="bad">{row.failure_code}</Badge>}
        </span>
      ),
    },
    { name: say('waiting'), cell: (row) => time.ago(row.created_at) },
  ]
  return (
    <Table
      caption={say('queue')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      to={(row) => ({ to: '/notes/$noteId', params: { noteId: row.id } })}
      empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
    />
  )
}

const TONES: Record<NoteRow['status'], Tone> = {
  queued: 'neutral',
  generating: 'neutral',
  draft: 'brand',
  approved: 'good',
  failed: 'bad',
  deleted: 'neutral',
}

function All() {
  const say = useNoteWords()
  const time = useTime()
  const rows = useRows(['notes', 'all'], async (cursor) => {
    const { data } = await listNotes({ query: { cursor }, throwOnError: true })
    return data
  })
  const columns: Column<NoteRow>[] = [
    { name: say('patient'), cell: (row) => <PatientName id={row.patient_id} /> },
    { name: say('template'), cell: (row) => row.template },
    {
      name: say('draft'),
      cell: (row) => <Badge tone={TONES[row.status]}>{row.status === 'deleted' ? row.status : say(row.status)}</Badge>,
    },
    { name: say('waiting'), cell: (row) => time.moment(row.created_at) },
  ]
  return (
    <Table
      caption={say('all')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      to={(row) => ({ to: '/notes/$noteId', params: { noteId: row.id } })}
      empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
    />
  )
}
