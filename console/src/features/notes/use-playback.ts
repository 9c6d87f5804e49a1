import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { blobOf } from '@/api/client'
import { listRecordingsOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { EvidenceOut, MessageOut } from '@/api/generated/types.gen'
import { getTranscriptOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useSession } from '@/session/session'
import { useTell } from '@/ui/toast'

const BEFORE_S = 0.5 // a word is not cut off at its beginning
const LENGTH_S = 12

/** Plays the sound behind a statement's first evidence; undefined where there is none to play. */
export function usePlayback(consultationId: string | null): (evidence: readonly EvidenceOut[]) => (() => void) | undefined {
  const { may } = useSession()
  const tell = useTell()
  const player = useRef<HTMLAudioElement | null>(null)
  const asked = { path: { consultation_id: consultationId ?? '' } }
  const enabled = consultationId !== null && may('recordings:read')
  const recordings = useQuery({ ...listRecordingsOptions(asked), enabled })
  const transcript = useQuery({ ...getTranscriptOptions(asked), enabled: consultationId !== null })
  useEffect(() => () => stop(player.current), [])

  const play = async (url: string) => {
    stop(player.current)
    try {
      const address = URL.createObjectURL(await blobOf(url))
      player.current = new Audio(address)
      player.current.addEventListener('ended', () => URL.revokeObjectURL(address))
      await player.current.play()
    } catch (error) {
      tell.refusal(error)
    }
  }

  return (evidence) => {
    const message = transcript.data?.messages.find((one) => one.id === evidence[0]?.message_id)
    const url = message && addressOf(message, recordings.data?.items ?? [])
    return url ? () => void play(url) : undefined
  }
}

function addressOf(message: MessageOut, recordings: readonly { id: string; session_id: string }[]): string | undefined {
  const recording = recordings.find((one) => one.session_id === message.session_id)
  if (!recording || message.start_s === null || message.start_s === undefined) return undefined
  const from = Math.max(0, message.start_s - BEFORE_S)
  const to = Math.max(message.end_s ?? 0, from + 1) + BEFORE_S
  return `/api/v1/recordings/${recording.id}/audio?from_s=${from.toFixed(2)}&to_s=${Math.min(to, from + LENGTH_S).toFixed(2)}`
}

function stop(player: HTMLAudioElement | null): void {
  player?.pause()
}
