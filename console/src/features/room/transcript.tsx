import { SendHorizontal } from 'lucide-react'
import { useEffect, useId, useRef, useState, type FormEvent } from 'react'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import type { Line } from './lines'
import type { Room } from './use-conversation'
import { useRoomWords } from './words'

const LONGEST = 4_000 // characters of one message, as the socket takes them

/** What was said, as it is said; and a line to write instead of speaking. */
export function Transcript({ room, language }: { room: Room; language: string }) {
  const say = useRoomWords()
  const shown = useRef<HTMLDivElement>(null)
  const earlier = useId()
  const { before, all } = room.lines
  const [text, setText] = useState('')
  useEffect(() => {
    if (shown.current) shown.current.scrollTop = shown.current.scrollHeight // the page itself stays where it is
  }, [room.lines])
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (!text.trim()) return
    room.say(text.trim())
    setText('')
  }
  return (
    <Panel title={say('transcript')} className="flex max-h-[calc(100dvh-6rem)] min-h-96 flex-col">
      <div ref={shown} role="group" tabIndex={0} aria-label={say('transcript')} className="flex flex-1 flex-col gap-3 overflow-y-auto">
        {room.unread && <Refused error={room.unread} retry={room.readBefore} />}
        {before.length > 0 && (
          <div lang={language} className="border-b border-line pb-3">
            <p id={earlier} className="mb-3 text-xs text-soft">
              {say('before')}
            </p>
            <Said lines={before} labelledBy={earlier} />
          </div>
        )}
        <div role="log" aria-live="polite" lang={language} aria-label={say('transcript')}>
          {before.length + all.length === 0 && <p className="text-sm text-soft">{say('transcriptNone')}</p>}
          <Said lines={all} />
        </div>
      </div>
      <form onSubmit={send} className="mt-4 flex items-end gap-2">
        <div className="flex-1">
          <TextField
            label={say('type')}
            unlabelled
            placeholder={say('type')}
            value={text}
            maxLength={LONGEST}
            onChange={(event) => setText(event.target.value)}
            autoComplete="off"
          />
        </div>
        <Button type="submit" kind="primary" size="icon" aria-label={say('send')} disabled={!text.trim()}>
          <SendHorizontal aria-hidden className="size-5" />
        </Button>
      </form>
    </Panel>
  )
}

const WHO = { patient: 'you', assistant: 'assistant', clinician: 'clinic' } as const

function Said({ lines, labelledBy }: { lines: readonly Line[]; labelledBy?: string }) {
  const say = useRoomWords()
  return (
    <ul aria-labelledby={labelledBy} className="flex flex-col gap-3">
      {lines.map((one) => (
        <li
          key={one.key}
          data-who={one.who}
          className={`max-w-[85%] rounded-2xl px-4 py-2 ${one.who === 'patient' ? 'self-end bg-brand-wash' : 'self-start bg-sunken'}`}
        >
          <span className="block text-xs text-soft">{say(WHO[one.who])}</span>
          <span className={one.open && one.who === 'patient' ? 'text-soft italic' : ''}>
            {one.text}
            {one.interrupted && ' …'}
          </span>
        </li>
      ))}
    </ul>
  )
}
