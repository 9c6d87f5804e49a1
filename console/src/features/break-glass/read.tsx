// A transcript and a note as emergency access shows them: to be read, nothing else.
import { useQuery } from '@tanstack/react-query'
import { readNoteInEmergencyOptions, readTranscriptInEmergencyOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { NoteOut } from '@/api/generated/types.gen'
import { statementsOf } from '@/features/notes/parts'
import { useAlarmName } from '@/i18n/names'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useBreakGlassWords } from './words'

/** Each reading is recorded: once, and never again by itself. */
export const ONCE = {
  staleTime: Infinity,
  retry: false,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
  refetchOnMount: false,
} as const

export function EmergencyTranscript({ accessId, consultationId }: { accessId: string; consultationId: string }) {
  const say = useBreakGlassWords()
  const alarm = useAlarmName()
  const query = useQuery({
    ...readTranscriptInEmergencyOptions({ path: { break_glass_id: accessId, consultation_id: consultationId } }),
    ...ONCE,
  })
  return (
    <Panel title={say('transcript')}>
      <Loaded query={query} lines={6}>
        {({ messages }) =>
          messages.length === 0 ? (
            <p className="text-sm text-soft">{say('transcriptNone')}</p>
          ) : (
            <ol className="flex flex-col gap-3">
              {messages.map((one) => (
                <li
                  key={one.id}
                  className={`max-w-[92%] rounded-xl px-4 py-2 ${one.sender === 'patient' ? 'self-end bg-brand-wash' : 'self-start bg-sunken'}`}
                >
                  <p className="text-xs text-soft">{say(one.sender === 'patient' ? 'patient' : one.sender === 'assistant' ? 'assistant' : 'clinician')}</p>
                  <p lang={one.language ?? undefined}>{one.text}</p>
                  {one.red_flag && <Badge tone="bad">{say('redFlag', { what: alarm(one.red_flag) })}</Badge>}
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </Panel>
  )
}

export function EmergencyNote({ accessId, noteId }: { accessId: string; noteId: string }) {
  const say = useBreakGlassWords()
  const query = useQuery({ ...readNoteInEmergencyOptions({ path: { break_glass_id: accessId, note_id: noteId } }), ...ONCE })
  return (
    <Loaded query={query} lines={8}>
      {(note) => (
        <Panel title={say('note')}>
          <Note note={note} />
        </Panel>
      )}
    </Loaded>
  )
}

function Note({ note }: { note: NoteOut }) {
  const say = useBreakGlassWords()
  const time = useTime()
  const parts = note.parts.map((part) => ({ ...part, statements: statementsOf(note, part) }))
  return (
    <div className="flex flex-col gap-4">
      <p className="flex flex-wrap gap-2">
        <Badge tone={note.status === 'approved' ? 'good' : 'warn'}>{say(note.status === 'approved' ? 'signed' : 'unsigned')}</Badge>
        <span className="text-sm text-soft">{time.moment(note.approved_at ?? note.created_at)}</span>
      </p>
      {parts
        .filter((part) => part.statements.length > 0)
        .map((part) => (
          <section key={part.key}>
            <h3 className="text-sm font-semibold">{part.heading}</h3>
            <ul className="mt-1 flex flex-col gap-1">
              {part.statements.map((one) => (
                <li key={one.id}>
                  {one.text} {one.verdict !== 'supported' && <Badge tone="warn">{say('unchecked')}</Badge>}
                </li>
              ))}
            </ul>
          </section>
        ))}
      {note.addenda.map((one) => (
        <section key={one.id}>
          <h3 className="text-sm font-semibold">{say('addendum', { at: time.moment(one.created_at) })}</h3>
          {one.statements.map((text) => (
            <p key={text.id}>{text.text}</p>
          ))}
        </section>
      ))}
    </div>
  )
}
