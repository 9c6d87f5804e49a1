// The consultation room: microphone first, then the conversation, face and words side by side.
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { getConsultationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { Ratings } from '@/features/ratings/ratings'
import { useMe } from '@/session/session'
import { Button } from '@/ui/button'
import { Page, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useCommonWords } from '@/ui/words'
import { DeviceCheck } from './device-check'
import { Stage } from './stage'
import { Transcript } from './transcript'
import { useConversation } from './use-conversation'
import { useRoomWords } from './words'

export function ConsultationRoom() {
  const { consultationId } = useParams({ strict: false }) as { consultationId: string }
  const query = useQuery(getConsultationOptions({ path: { consultation_id: consultationId } }))
  const say = useRoomWords()
  return (
    <Page title={say('title')} wide>
      <Loaded query={query}>
        {({ status, language, emergency_number: number }) => (
          <>
            {status !== 'ended' && <p className="text-sm font-medium">{say('emergency', { number })}</p>}
            <Conversing key={consultationId} consultationId={consultationId} language={language} over={status === 'ended'} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

interface Conversed {
  consultationId: string
  language: string
  /** It ended before, or elsewhere; of one that ends here the room itself knows why. */
  over?: boolean
}

export function Conversing({ consultationId, language, over = false }: Conversed) {
  const room = useConversation(consultationId, language)
  const [captions, setCaptions] = useState(true)
  useVoiceStats(room)
  if (room.state === 'idle' && over) return <Ended consultationId={consultationId} reason={null} />
  if (room.state === 'idle') return <DeviceCheck onStart={(options) => void room.start(options)} />
  if (room.state === 'ended' && room.endedBecause === 'moved') return <Moved />
  if (room.state === 'ended') return <Ended consultationId={consultationId} reason={room.endedBecause ?? 'client'} />
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      {room.state === 'failed' && (
        <div className="lg:col-span-2">
          <Refused error={room.problem} retry={() => window.location.reload()} />
        </div>
      )}
      <Stage room={room} captions={captions} turnCaptions={setCaptions} />
      <Transcript room={room} language={language} />
    </div>
  )
}

/** It has not ended: another window, or the telephone, took it over. It can be taken back. */
function Moved() {
  const say = useRoomWords()
  return (
    <Panel className="flex max-w-prose flex-col items-start gap-4">
      <p role="status">{say('moved')}</p>
      <Button onClick={() => window.location.reload()}>{say('goOnHere')}</Button>
    </Panel>
  )
}

function Ended({ consultationId, reason }: { consultationId: string; reason: string | null }) {
  const say = useRoomWords()
  const common = useCommonWords()
  const me = useMe()
  const known = ['agent', 'client', 'failed', 'hand_over', 'too_long'] as const
  const because = known.find((one) => one === reason)
  return (
    <div className="flex max-w-prose flex-col gap-4">
      <Panel title={say('callEnded')} className="flex flex-col gap-4">
        <p role="status">{because ? say(`ended_${because}`) : ''}</p>
        <div className="flex flex-wrap gap-2">
          <Button asChild kind="primary">
            <Link to="/consultations/$consultationId" params={{ consultationId }}>
              {say('toConversation')}
            </Link>
          </Button>
          <Button asChild>
            <Link to="/">{common('back')}</Link>
          </Button>
        </div>
      </Panel>
      {me.patient_id !== null && <Ratings consultationId={consultationId} />}
    </div>
  )
}

declare global {
  interface Window {
    __voiceStats?: Record<string, unknown>
  }
}

/** What the end-to-end tests read: figures of the sound, no words. */
function useVoiceStats(room: ReturnType<typeof useConversation>): void {
  useEffect(() => {
    window.__voiceStats = {
      state: room.state,
      speaking: room.speaking,
      level: room.level,
      played: () => room.speaker?.played() ?? { samples: 0, underruns: 0, shapes: 0 },
      loudness: () => loudness(room.speaker?.analyser ?? null),
    }
  }, [room])
}

function loudness(analyser: AnalyserNode | null): number {
  if (analyser === null) return 0
  const wave = new Float32Array(analyser.fftSize)
  analyser.getFloatTimeDomainData(wave)
  return wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
}
