// Listening in on a live call (docs/guides/recording.md): its sound and words, and the taking over of it.
import { useCallback, useEffect, useRef, useState } from 'react'
import { Problem, asProblem } from '@/api/client'
import { listenToConsultation } from '@/api/generated/sdk.gen'
import { touched } from '@/session/touch'
import { openSpeaker, type Speaker } from '@/features/room/audio/speaker'

export interface Heard {
  position: number
  sender: string
  text: string
}

type Message =
  | { type: 'listening' }
  | { type: 'sound'; data: string }
  | { type: 'transcript'; position: number; sender: string; text: string }
  | { type: 'state'; in_charge: boolean; taken_over_by?: string | null }
  | { type: 'error'; error_code: string; message: string }

const MOST = 500

export function useListening(consultationId: string) {
  const [state, setState] = useState<'idle' | 'connecting' | 'listening' | 'ended'>('idle')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [charge, setCharge] = useState<'agent' | 'me' | 'other'>('agent')
  const [heard, setHeard] = useState<readonly Heard[]>([])
  const parts = useRef<{ socket?: WebSocket; speaker?: Speaker }>({})

  const receive = useCallback((message: Message) => {
    touched() // whoever listens need not touch the screen
    if (message.type === 'listening') setState('listening')
    else if (message.type === 'sound') parts.current.speaker?.play(mixed(message.data))
    else if (message.type === 'state') setCharge(message.in_charge ? 'me' : message.taken_over_by ? 'other' : 'agent')
    else if (message.type === 'error') setProblem(new Problem(message, 409, null))
    else setHeard((all) => [...all.filter((one) => one.position !== message.position), message].sort((a, b) => a.position - b.position).slice(-MOST))
  }, [])

  const start = useCallback(async () => {
    setState('connecting')
    setProblem(null)
    try {
      parts.current.speaker = await openSpeaker(() => undefined, () => undefined)
      const { data } = await listenToConsultation({ path: { consultation_id: consultationId }, throwOnError: true })
      const socket = new WebSocket(data.url)
      parts.current.socket = socket
      socket.onopen = () => socket.send(JSON.stringify({ type: 'listen', ticket: data.ticket }))
      socket.onmessage = ({ data: text }: MessageEvent<string>) => receive(JSON.parse(text) as Message)
      socket.onclose = () => setState('ended')
    } catch (error) {
      setProblem(asProblem(error))
      setState('idle')
    }
  }, [consultationId, receive])

  useEffect(() => {
    const here = parts.current
    return () => {
      here.socket?.close(1000)
      here.speaker?.close()
    }
  }, [])

  const send = useCallback((message: Record<string, string>) => parts.current.socket?.send(JSON.stringify(message)), [])
  return { state, problem, charge, heard, start, send }
}

/** Two channels of 8 kHz, patient and agent, as the one channel of 16 kHz that the loudspeaker plays. */
function mixed(base64: string): ArrayBuffer {
  const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
  const stereo = new Int16Array(bytes.buffer, 0, bytes.byteLength >> 1)
  const mono = new Int16Array((stereo.length >> 1) * 2)
  for (let n = 0; n + 1 < stereo.length; n += 2) {
    const both = ((stereo[n] ?? 0) + (stereo[n + 1] ?? 0)) >> 1
    mono[n] = both
    mono[n + 1] = both
  }
  return mono.buffer
}
