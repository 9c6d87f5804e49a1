import { useQuery } from '@tanstack/react-query'
import { getOwnNoteOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listOwnNotes } from '@/api/generated/sdk.gen'
import type { OwnRow, OwnSection } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { useNoteWords } from './words'

export function OwnNotes() {
  const say = useNoteWords()
  const common = useCommonWords()
  const time = useTime()
  const rows = useRows(['notes', 'own'], async (cursor) => {
    const { data } = await listOwnNotes({ query: { cursor }, throwOnError: true })
    return data
  })
  const columns: Column<OwnRow>[] = [
    { name: say('approved'), cell: (row) => time.moment(row.approved_at) },
    { name: say('template'), cell: (row) => row.template },
  ]
  return (
    <Page title={say('own')} hint={common('zone', { zone: ZONE })}>
      <Table
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
  const say = useNoteWords()
  const time = useTime()
  const query = useQuery(getOwnNoteOptions({ path: { note_id: noteId }, query: { language: useLanguage() } }))
  return (
    <Loaded query={query} lines={8}>
      {(note) => (
        <Page title={note.title} hint={`${say('signedBy', { name: note.signed_by })} · ${time.moment(note.approved_at)}`}>
          <Sections sections={note.sections} />
          {note.addenda.map((one, n) => (
            <Panel key={n} title={`${say('addendum')}: ${one.author}, ${time.moment(one.created_at)}`}>
              <Sections sections={one.sections} />
            </Panel>
          ))}
        </Page>
      )}
    </Loaded>
  )
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
