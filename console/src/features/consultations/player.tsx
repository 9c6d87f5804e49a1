// The recording of a session. It is fetched with the sign-in, so the address alone opens nothing.
import { Play } from 'lucide-react'
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react'
import { blobOf } from '@/api/client'
import type { RecordingOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { SelectField } from '@/ui/field'
import { clock } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useConsultationWords } from './words'

export interface PlayerHandle {
  playFrom: (seconds: number) => void
}

type Track = 'both' | 'patient' | 'agent'

export function Player({ recording, ref }: { recording: RecordingOut; ref?: Ref<PlayerHandle> }) {
  const say = useConsultationWords()
  const tell = useTell()
  const [address, setAddress] = useState<string | null>(null)
  const [track, setTrack] = useState<Track>('both')
  const [busy, setBusy] = useState(false)
  const audio = useRef<HTMLAudioElement>(null)
  const from = useRef(0)

  const load = async (wanted: Track, seconds: number) => {
    setBusy(true)
    try {
      const blob = await blobOf(`/api/v1/recordings/${recording.id}/audio?track=${wanted}`)
      from.current = seconds
      setTrack(wanted)
      setAddress(URL.createObjectURL(blob))
    } catch (error) {
      tell.refusal(error)
    } finally {
      setBusy(false)
    }
  }
  useEffect(() => () => void (address && URL.revokeObjectURL(address)), [address])
  useImperativeHandle(ref, () => ({
    playFrom: (seconds) => {
      if (audio.current === null) return void load('both', seconds)
      audio.current.currentTime = seconds
      void audio.current.play()
    },
  }))
  if (address === null)
    return (
      <Button busy={busy} onClick={() => void load('both', 0)}>
        <Play aria-hidden className="size-4" />
        {say('playRecording')} ({clock(recording.length_s)})
      </Button>
    )
  return (
    <div className="flex flex-wrap items-end gap-3">
      <audio
        ref={audio}
        key={address}
        controls
        autoPlay
        src={address}
        aria-label={say('recording')}
        className="min-w-0 flex-1"
        onLoadedMetadata={(event) => {
          event.currentTarget.currentTime = from.current
        }}
      />
      <SelectField
        label={say('track')}
        value={track}
        onChange={(event) => void load(event.target.value as Track, audio.current?.currentTime ?? 0)}
        options={[
          { value: 'both', label: say('bothTracks') },
          { value: 'patient', label: say('patientTrack') },
          { value: 'agent', label: say('agentTrack') },
        ]}
      />
    </div>
  )
}
