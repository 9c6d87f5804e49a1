// A conversation's life on a page: microphone, loudspeaker and socket together, and what of them the page shows.
import { useCallback, useEffect, useReducer, useRef, useState } from 'react'
import { asProblem, type Problem } from '@/api/client'
import { getTranscript } from '@/api/generated/sdk.gen'
import { touched } from '@/session/touch'
import { openMicrophone, type Microphone } from './audio/microphone'
import { openSpeaker, type Speaker } from './audio/speaker'
import { Conversation, type Message, type State } from './conversation'
import { NO_LINES, told, type Said } from './lines'

export interface Room {
  state: State | 'idle'
  problem: Problem | null
  lines: ReturnType<typeof told>
  /** Why what was said before is not shown, if it could not be read. */
  unread: Problem | null
  readBefore: () => void
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

interface Parts {
  conversation?: Conversation
  microphone?: Microphone
  speaker?: Speaker
  /** The one that the lines are of. */
  session: string
  silent: boolean
  left: boolean
}

/** What the server tells of the record is left out: the page reads it itself, with the sessions before. */
function isShown(message: Message): message is Message & Said {
  if (message.type === 'interrupted') return true
  return (message.type === 'transcript' || message.type === 'ai_response') && message.stored !== true
}

/** What the page calls it: some ends are told as failures and are none; and if we had ended it, we would not be told. */
function because({ reason, code }: Extract<Message, { type: 'session_ended' }>): string {
  if (code === 'session.moved') return 'moved'
  if (code === 'consultation.ended') return 'elsewhere'
  if (code === 'consent.needed') return 'withdrawn'
  return reason === 'client' ? 'closed' : reason
}

export function useConversation(consultationId: string, language: string | undefined): Room {
  const [state, setState] = useState<State | 'idle'>('idle')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [lines, tell] = useReducer(told, NO_LINES)
  const [unread, setUnread] = useState<Problem | null>(null)
  const [speaking, setSpeaking] = useState(false)
  const [paused, setPaused] = useState(false)
  const [deaf, setDeaf] = useState<string | null>(null)
  const [endedBecause, setEndedBecause] = useState<string | null>(null)
  const [speaker, setSpeaker] = useState<Speaker | null>(null)
  const parts = useRef<Parts>({ session: '', silent: false, left: false })

  const readBefore = useCallback(() => {
    const { session } = parts.current
    const isThis = () => parts.current.session === session
    setUnread(null)
    getTranscript({ path: { consultation_id: consultationId }, throwOnError: true })
      .then(({ data }) => isThis() && tell({ type: 'record', messages: data.messages.filter((one) => one.session_id !== session) }))
      .catch((error: unknown) => isThis() && setUnread(asProblem(error)))
  }, [consultationId])

  const onMessage = useCallback((message: Message) => {
    touched() // whoever talks need not touch the screen
    const { speaker: sound, conversation, session } = parts.current
    if (message.type === 'session') {
      sound?.flush() // what was queued is sent again
      if (message.session_id === session) return
      parts.current.session = message.session_id
      tell({ type: 'begun', carried: conversation?.carried ?? 0 })
      readBefore() // by now the sessions before it have stored what was said in them
    } else if (message.type === 'mark') {
      if (sound) sound.mark(message.mark)
      else conversation?.played(message.mark)
    } else if (message.type === 'visemes') sound?.shape(message.visemes)
    else if (message.type === 'interrupted') sound?.flush()
    else if (message.type === 'session_ended') setEndedBecause(because(message))
    if (isShown(message)) tell(message)
  }, [readBefore])

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
      here.conversation = new Conversation(consultationId, language, {
        message: onMessage,
        sound: (pcm) => here.speaker?.play(pcm),
        state: (next, why) => {
          setState(next)
          setProblem(why ?? null)
          if (next === 'ended' || next === 'failed') here.microphone?.close()
        },
      })
      if (voice) {
        await hear(deviceId)
        here.speaker = await openSpeaker((mark) => here.conversation?.played(mark), setSpeaking).catch(() => undefined)
        if (here.left) return here.speaker?.close() // gone while the browser asked whether it may listen
        setSpeaker(here.speaker ?? null)
      }
      await here.conversation.open(here.speaker !== undefined)
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
    unread,
    readBefore,
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
