// Notes: what waits for whom, all there are, what they say when asked, and how good they were. A patient sees the signed
// ones about themselves.
import { useNavigate } from '@tanstack/react-router'
import { listNotes } from '@/api/generated/sdk.gen'
import type { NoteRow } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useSession } from '@/session/session'
import { Badge, Page, type Tone } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { AskNotes } from './ask'
import { useDeskWords } from './desk-words'
import { OwnNotes } from './own-notes'
import { Quality } from './quality'
import { Queue } from './queue'
import { useTemplateNames } from './template-names'
import { useNoteWords } from './words'

export function Notes() {
  const { may } = useSession()
  return may('notes:read') ? <Desk /> : <OwnNotes />
}

const TABS = ['queue', 'all', 'ask', 'quality'] as const

function Desk() {
  const say = useDeskWords()
  const note = useNoteWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const tab = useTab(TABS)
  return (
    <Page wide={tab === 'quality'} title={note('title')} hint={common('zone', { zone: ZONE })}>
      <Tabs
        label={note('title')}
        value={tab}
        onChange={(next) => void navigate({ to: '/notes', search: { tab: next } })}
        options={TABS.map((value) => ({ value, label: say(value === 'ask' ? 'askTab' : value) }))}
      >
        {tab === 'queue' && <Queue />}
        {tab === 'all' && <All />}
        {tab === 'ask' && <AskNotes />}
        {tab === 'quality' && <Quality />}
      </Tabs>
    </Page>
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
  const desk = useDeskWords()
  const time = useTime()
  const nameOf = useTemplateNames()
  const order = useOrder(['created_at'], '-created_at')
  const rows = useRows(['notes', 'all', order.sort], async (cursor) => {
    const { data } = await listNotes({ query: { cursor, sort: order.sort }, throwOnError: true })
    return data
  })
  const columns: Column<NoteRow>[] = [
    { name: say('patient'), cell: (row) => <PatientName id={row.patient_id} /> },
    { name: say('template'), cell: (row) => nameOf(row.template) },
    {
      name: desk('state'),
      cell: (row) => <Badge tone={TONES[row.status]}>{row.status === 'deleted' ? row.status : say(row.status)}</Badge>,
    },
    { name: desk('created'), cell: (row) => time.moment(row.created_at), sort: 'created_at' },
  ]
  return (
    <Table
      order={order}
      caption={desk('all')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      to={(row) => ({ to: '/notes/$noteId', params: { noteId: row.id } })}
      empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
    />
  )
}
