// The consultation room: microphone first, then the conversation, face and words side by side.
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { getConsultationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { Page } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { DeviceCheck } from './device-check'
import { Ended, EndedHere, Left, Moved, Stop, useEnding } from './ending'
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

/** A conversation on a page: gone back into, it begins with the microphone again. */
export function Conversing(conversed: Conversed) {
  const [times, setTimes] = useState(0)
  return <Once key={times} {...conversed} again={() => setTimes(times + 1)} />
}

function Once({ consultationId, language, over = false, again }: Conversed & { again: () => void }) {
  const room = useConversation(consultationId, language)
  const ending = useEnding(consultationId)
  const [left, setLeft] = useState(false)
  const [captions, setCaptions] = useState(true)
  useVoiceStats(room)
  const { endedBecause } = room
  const { mutate: end } = ending
  useEffect(() => {
    if (endedBecause === 'agent') end() // it asks before it hangs up
  }, [endedBecause, end])
  const it = { consultationId, again }
  if (!ending.isIdle) return <EndedHere {...it} because={endedBecause ?? 'client'} ending={ending} />
  if (left) return <Left again={again} />
  if (room.state === 'idle' && over) return <Ended {...it} because={null} />
  if (room.state === 'idle') return <DeviceCheck onStart={(options) => void room.start(options)} />
  if (room.state === 'ended' && endedBecause === 'moved') return <Moved again={again} />
  if (room.state === 'ended') return <Ended {...it} because={endedBecause ?? 'closed'} />
  const stop = (then: () => void) => () => {
    room.end()
    then()
  }
  return (
    <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      {room.state === 'failed' && (
        <div className="lg:col-span-2">
          <Refused error={room.problem} retry={again} />
        </div>
      )}
      <Stage room={room} captions={captions} turnCaptions={setCaptions} stop={<Stop end={stop(end)} leave={stop(() => setLeft(true))} />} />
      <Transcript room={room} language={language} />
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
