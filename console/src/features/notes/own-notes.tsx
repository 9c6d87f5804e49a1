import { useQuery } from '@tanstack/react-query'
import { Printer } from 'lucide-react'
import { getOwnNoteOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listOwnNotes } from '@/api/generated/sdk.gen'
import type { OwnNote as Note, OwnRow, OwnSection } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useMe } from '@/session/session'
import { Button } from '@/ui/button'
import { Page, PageOf, Panel } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Paper } from './paper'
import { useNoteWords } from './words'

export function OwnNotes() {
  const say = useNoteWords()
  const common = useCommonWords()
  const time = useTime()
  const order = useOrder(['approved_at'], '-approved_at')
  const rows = useRows(['notes', 'own', order.sort], async (cursor) => {
    const { data } = await listOwnNotes({ query: { cursor, sort: order.sort }, throwOnError: true })
    return data
  })
  const columns: Column<OwnRow>[] = [
    { name: say('approved'), cell: (row) => time.moment(row.approved_at), sort: 'approved_at' },
    { name: say('template'), cell: (row) => row.template },
  ]
  return (
    <Page title={say('own')} hint={common('zone', { zone: ZONE })}>
      <Table
        order={order}
        caption={say('own')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({ to: '/notes/$noteId', params: { noteId: row.id } })}
        empty={<Empty title={say('ownNone')} />}
      />
    </Page>
  )
}

export function OwnNote({ noteId }: { noteId: string }) {
  const query = useQuery(getOwnNoteOptions({ path: { note_id: noteId }, query: { language: useLanguage() } }))
  return (
    <PageOf query={query}>
      {(note) => (
        <>
          <div className="no-print">
            <Reading note={note} />
          </div>
          <OwnPaper note={note} />
        </>
      )}
    </PageOf>
  )
}

function Reading({ note }: { note: Note }) {
  const say = useNoteWords()
  const time = useTime()
  return (
    <Page
      title={note.title}
      hint={`${say('signedBy', { name: note.signed_by })} · ${time.moment(note.approved_at)}`}
      actions={
        <Button onClick={() => window.print()}>
          <Printer aria-hidden className="size-4" />
          {say('print')}
        </Button>
      }
    >
      <Sections sections={note.sections} />
      {note.addenda.map((one, n) => (
        <Panel key={n} title={`${say('addendum')}: ${one.author}, ${time.moment(one.created_at)}`}>
          <Sections sections={one.sections} />
        </Panel>
      ))}
    </Page>
  )
}

function OwnPaper({ note }: { note: Note }) {
  const say = useNoteWords()
  const time = useTime()
  const me = useMe()
  return (
    <Paper
      title={note.title}
      patient={[me.given_name, me.family_name].filter(Boolean).join(' ') || me.email}
      at={note.approved_at}
      sections={note.sections.map(onPaper)}
      addenda={note.addenda.map((one) => ({ ...one, sections: one.sections.map(onPaper) }))}
      standing={`${say('signedBy', { name: note.signed_by })} · ${time.moment(note.approved_at)}`}
    />
  )
}

function onPaper({ heading, statements }: OwnSection) {
  return { heading, texts: statements.map((one) => one.text) }
}

function Sections({ sections }: { sections: readonly OwnSection[] }) {
  return sections.map((section, n) => (
    <Panel key={n} title={section.heading}>
      <ul className="flex flex-col gap-2">
        {section.statements.map((one, k) => (
          <li key={k}>{one.text}</li>
        ))}
      </ul>
    </Panel>
  ))
}
