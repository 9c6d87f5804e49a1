import { useParams } from '@tanstack/react-router'
import { Ear, HandMetal, Undo2 } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Badge, Page, Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useListening } from './use-listening'
import { useLiveWords } from './words'

export function Listening() {
  const say = useLiveWords()
  const { consultationId } = useParams({ strict: false }) as { consultationId: string }
  const { state, problem, charge, heard, start, send } = useListening(consultationId)
  const [text, setText] = useState('')
  const speak = (event: FormEvent) => {
    event.preventDefault()
    if (!text.trim()) return
    send({ type: 'text', text: text.trim() })
    setText('')
  }
  return (
    <Page title={say('titleOne')} hint={say('hint')}>
      {problem && <Refused error={problem} />}
      <p role="status" className="flex flex-wrap items-center gap-2">
        {state === 'listening' && <Badge tone="good">{say('listening')}</Badge>}
        {state === 'connecting' && <Badge>{say('connecting')}</Badge>}
        {state === 'ended' && <Badge tone="warn">{say('ended')}</Badge>}
        {charge === 'me' && <Badge tone="brand">{say('inCharge')}</Badge>}
        {charge === 'other' && <Badge tone="warn">{say('otherInCharge')}</Badge>}
      </p>
      <div className="flex flex-wrap gap-2">
        {(state === 'idle' || state === 'ended') && (
          <Button kind="primary" onClick={() => void start()}>
            <Ear aria-hidden className="size-5" />
            {say('begin')}
          </Button>
        )}
        {state === 'listening' && charge === 'agent' && (
          <Button kind="danger" onClick={() => send({ type: 'take_over' })}>
            <HandMetal aria-hidden className="size-5" />
            {say('takeOver')}
          </Button>
        )}
        {state === 'listening' && charge === 'me' && (
          <Button onClick={() => send({ type: 'release' })}>
            <Undo2 aria-hidden className="size-5" />
            {say('release')}
          </Button>
        )}
      </div>
      <Panel title={say('transcript')}>
        <ol role="log" aria-live="polite" aria-label={say('transcript')} className="flex max-h-[60dvh] flex-col gap-3 overflow-y-auto" tabIndex={0}>
          {heard.map((one) => (
            <li key={one.position} className={`max-w-[85%] rounded-xl px-4 py-2 ${one.sender === 'patient' ? 'self-end bg-brand-wash' : 'self-start bg-sunken'}`}>
              <span className="block text-xs text-soft">{say(one.sender === 'patient' ? 'patient' : one.sender === 'clinician' ? 'clinician' : 'agent')}</span>
              {one.text}
            </li>
          ))}
        </ol>
        {charge === 'me' && (
          <form onSubmit={speak} className="mt-4 flex items-end gap-2">
            <div className="flex-1">
              <TextField label={say('say')} value={text} maxLength={1000} onChange={(event) => setText(event.target.value)} />
            </div>
            <Button type="submit" kind="primary" disabled={!text.trim()}>
              {say('send')}
            </Button>
          </form>
        )}
      </Panel>
    </Page>
  )
}
