// A conversation's life on a page: microphone, loudspeaker and socket together, and what of them the page shows.
import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import type { Problem } from '@/api/client'
import { touched } from '@/session/touch'
import { openMicrophone, type Microphone } from './audio/microphone'
import { openSpeaker, type Speaker } from './audio/speaker'
import { Conversation, type Message, type State } from './conversation'
import { NO_LINES, told, type Said } from './lines'

export interface Room {
  state: State | 'idle'
  problem: Problem | null
  lines: ReturnType<typeof told>
  speaking: boolean
  paused: boolean
  /** Why there is no microphone, if there is none: typing works all the same. */
  deaf: string | null
  endedBecause: string | null
  speaker: Speaker | null
  level: () => number
  start: (options: { voice: boolean; deviceId?: string }) => Promise<void>
  changeMicrophone: (deviceId: string) => Promise<void>
  say: (text: string) => void
  interrupt: () => void
  pause: (paused: boolean) => void
  /** Ends the connection; the consultation stays open. */
  end: () => void
}

const SHOWN = new Set(['transcript', 'ai_response', 'interrupted'])

/** What the page calls it: some ends are told as failures and are none; and if we had ended it, we would not be told. */
function because({ reason, code }: Extract<Message, { type: 'session_ended' }>): string {
  if (code === 'session.moved') return 'moved'
  if (code === 'consultation.ended') return 'elsewhere'
  return reason === 'client' ? 'closed' : reason
}

export function useConversation(consultationId: string, language: string | undefined): Room {
  const [state, setState] = useState<State | 'idle'>('idle')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [lines, tell] = useReducer(told, NO_LINES)
  const [speaking, setSpeaking] = useState(false)
  const [paused, setPaused] = useState(false)
  const [deaf, setDeaf] = useState<string | null>(null)
  const [endedBecause, setEndedBecause] = useState<string | null>(null)
  const [speaker, setSpeaker] = useState<Speaker | null>(null)
  const parts = useRef<{ conversation?: Conversation; microphone?: Microphone; speaker?: Speaker; silent: boolean; left: boolean }>({
    silent: false,
    left: false,
  })

  const onMessage = useCallback((message: Message) => {
    touched() // whoever talks need not touch the screen
    const { speaker: sound, conversation } = parts.current
    if (message.type === 'session') {
      sound?.flush() // what was queued is sent again
      if (message.replay === 'record') tell({ type: 'begun' })
    } else if (message.type === 'mark') {
      if (sound) sound.mark(message.mark)
      else conversation?.played(message.mark)
    } else if (message.type === 'visemes') sound?.shape(message.visemes)
    else if (message.type === 'interrupted') sound?.flush()
    else if (message.type === 'session_ended') setEndedBecause(because(message))
    if (SHOWN.has(message.type)) tell(message as Said)
  }, [])

  const hear = useCallback(async (deviceId?: string) => {
    const here = parts.current
    here.microphone?.close()
    here.microphone = undefined
    try {
      const opened = await openMicrophone(
        deviceId,
        (pcm) => here.conversation?.hear(here.silent ? new ArrayBuffer(pcm.byteLength) : pcm),
        () => setDeaf('NotFoundError'),
      )
      if (here.left) return opened.close()
      here.microphone = opened
      setDeaf(null)
    } catch (error) {
      setDeaf(error instanceof DOMException ? error.name : 'NotSupportedError')
    }
  }, [])

  const start = useCallback(
    async ({ voice, deviceId }: { voice: boolean; deviceId?: string }) => {
      const here = parts.current
      setState('connecting')
      if (voice) {
        await hear(deviceId)
        here.speaker = await openSpeaker((mark) => here.conversation?.played(mark), setSpeaking).catch(() => undefined)
        if (here.left) return here.speaker?.close() // gone while the browser asked whether it may listen
        setSpeaker(here.speaker ?? null)
      }
      here.conversation = new Conversation(consultationId, language, {
        message: onMessage,
        sound: (pcm) => here.speaker?.play(pcm),
        state: (next, why) => {
          setState(next)
          setProblem(why ?? null)
          if (next === 'ended' || next === 'failed') here.microphone?.close()
        },
      })
      await here.conversation.open()
    },
    [consultationId, hear, language, onMessage],
  )

  useEffect(() => {
    const here = parts.current
    here.left = false
    return () => {
      here.left = true
      here.conversation?.leave()
      here.microphone?.close()
      here.speaker?.close()
    }
  }, [])

  const awake = state === 'live' || state === 'reconnecting'
  useEffect(() => {
    if (!awake || !('wakeLock' in navigator)) return
    const lock = navigator.wakeLock.request('screen').catch(() => null)
    return () => void lock.then((one) => one?.release())
  }, [awake])

  return {
    state,
    problem,
    lines,
    speaking,
    paused,
    deaf,
    endedBecause,
    speaker,
    level: useCallback(() => parts.current.microphone?.level() ?? 0, []),
    start,
    changeMicrophone: hear,
    say: useCallback((text: string) => {
      tell({ type: 'typed', text })
      parts.current.conversation?.say(text)
    }, []),
    interrupt: useCallback(() => {
      parts.current.speaker?.flush()
      parts.current.conversation?.interrupt()
    }, []),
    pause: useCallback((wanted: boolean) => {
      parts.current.silent = wanted // silence is sent on: a line that sends nothing is closed
      setPaused(wanted)
    }, []),
    end: useCallback(() => {
      const here = parts.current
      here.left = true // what still opens closes again
      here.microphone?.close()
      here.speaker?.flush()
      here.conversation?.end()
    }, []),
  }
}
