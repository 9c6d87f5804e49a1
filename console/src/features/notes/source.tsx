// What was said, with the spans that a statement rests on. Evidence is told by offsets into the words as they were said.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { getTranscriptOptions, readDocumentTextOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { EvidenceOut, MessageOut } from '@/api/generated/types.gen'
import { Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { clock } from '@/ui/time'
import { useNoteWords } from './words'

export function Source({ consultationId, evidence }: { consultationId: string; evidence: readonly EvidenceOut[] }) {
  const say = useNoteWords()
  const query = useQuery(getTranscriptOptions({ path: { consultation_id: consultationId } }))
  return (
    <Panel title={say('source')} className="no-print lg:sticky lg:top-20 lg:max-h-[calc(100dvh-6rem)] lg:overflow-y-auto">
      <Loaded query={query} lines={8}>
        {({ messages }) => (
          <ol className="flex flex-col gap-3 text-sm">
            {messages.map((one) => (
              <Message key={one.id} message={one} evidence={evidence.filter((span) => span.message_id === one.id)} />
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  )
}

/** The same for a note that was made from a file: its text by paragraphs. */
export function DocumentSource({ documentId, evidence }: { documentId: string; evidence: readonly EvidenceOut[] }) {
  const say = useNoteWords()
  const query = useQuery(readDocumentTextOptions({ path: { document_id: documentId }, query: { limit: 200 } }))
  return (
    <Panel title={say('source')} className="no-print lg:sticky lg:top-20 lg:max-h-[calc(100dvh-6rem)] lg:overflow-y-auto">
      <Loaded query={query} lines={8}>
        {({ paragraphs }) => (
          <ol className="flex flex-col gap-3 text-sm">
            {paragraphs.map((one) => {
              const spans = evidence.filter((span) => span.message_id === one.id)
              return (
                <li key={one.id} className={`rounded-lg px-3 py-2 ${spans.length > 0 ? 'bg-brand-wash' : ''}`}>
                  {one.section && <span className="block text-xs text-soft">{one.section}</span>}
                  {marked(one.text, spans)}
                </li>
              )
            })}
          </ol>
        )}
      </Loaded>
    </Panel>
  )
}

function Message({ message, evidence }: { message: MessageOut; evidence: readonly EvidenceOut[] }) {
  const say = useNoteWords()
  const item = useRef<HTMLLIElement>(null)
  const cited = evidence.length > 0
  const first = evidence[0]
  useEffect(() => {
    const panel = item.current?.closest('section')
    // Beside the note the panel moves; under it, on a phone, the page must not run away from the statement.
    if (first && item.current && panel && panel.scrollHeight > panel.clientHeight)
      panel.scrollTop = item.current.offsetTop - panel.offsetTop - panel.clientHeight / 3
  }, [first])
  const speaker = `speaker_${message.sender}` as Parameters<typeof say>[0]
  return (
    <li ref={item} className={`rounded-lg px-3 py-2 ${cited ? 'bg-brand-wash' : ''}`}>
      <span className="flex gap-2 text-xs text-soft">
        <span>{say(speaker)}</span>
        {message.start_s !== null && message.start_s !== undefined && <span>{clock(message.start_s)}</span>}
      </span>
      <span lang={message.language ?? undefined}>{marked(message.text, evidence)}</span>
    </li>
  )
}

/** The text with the cited spans marked; overlapping ones become one. */
function marked(text: string, evidence: readonly EvidenceOut[]) {
  const characters = Array.from(text) // offsets count code points, as Python's do
  const spans = evidence
    .map((one) => [one.original_start, one.original_end] as const)
    .sort(([a], [b]) => a - b)
  const parts = []
  let at = 0
  for (const [start, end] of spans) {
    if (end <= at) continue
    const from = Math.max(at, start)
    parts.push(characters.slice(at, from).join(''))
    parts.push(
      <mark key={from} className="rounded bg-mark px-0.5 text-ink">
        {characters.slice(from, end).join('')}
      </mark>,
    )
    at = end
  }
  parts.push(characters.slice(at).join(''))
  return parts
}
