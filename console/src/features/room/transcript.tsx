import { SendHorizontal } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import type { Room } from './use-conversation'
import { useRoomWords } from './words'

const LONGEST = 4_000 // characters of one message, as the socket takes them

/** What was said, as it is said; and a line to write instead of speaking. */
export function Transcript({ room, language }: { room: Room; language: string }) {
  const say = useRoomWords()
  const log = useRef<HTMLDivElement>(null)
  const [text, setText] = useState('')
  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight // the page itself stays where it is
  }, [room.lines])
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (!text.trim()) return
    room.say(text.trim())
    setText('')
  }
  return (
    <Panel title={say('transcript')} className="flex max-h-[calc(100dvh-6rem)] min-h-96 flex-col">
      <div ref={log} role="log" aria-live="polite" lang={language} tabIndex={0} aria-label={say('transcript')} className="flex-1 overflow-y-auto">
        {room.lines.all.length === 0 && <p className="text-sm text-soft">{say('transcriptNone')}</p>}
        <ul className="flex flex-col gap-3">
          {room.lines.all.map((one) => (
            <li
              key={one.key}
              data-who={one.who}
              className={`max-w-[85%] rounded-2xl px-4 py-2 ${one.who === 'patient' ? 'self-end bg-brand-wash' : 'self-start bg-sunken'}`}
            >
              <span className="block text-xs text-soft">{one.who === 'patient' ? say('you') : say('assistant')}</span>
              <span className={one.open && one.who === 'patient' ? 'text-soft italic' : ''}>
                {one.text}
                {one.interrupted && ' …'}
              </span>
            </li>
          ))}
        </ul>
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
