import { Captions, CaptionsOff, Hand, MicOff, Pause, Play, SmilePlus } from 'lucide-react'
import { useEffect, useState, type ReactNode } from 'react'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { Avatar, type Mood } from './avatar'
import { Deaf } from './device-check'
import { LevelMeter } from './level-meter'
import type { Room } from './use-conversation'
import { useRoomWords } from './words'

/** The face, the state of the line, and the few things one can do: pause, interrupt, end. */
export function Stage({
  room,
  captions,
  turnCaptions,
  stop,
}: {
  room: Room
  captions: boolean
  turnCaptions: (shown: boolean) => void
  stop: ReactNode
}) {
  const say = useRoomWords()
  const mood = moodOf(room)
  const unheard = useUnheard(room)
  const [face, setFace] = useState(true)
  const latest = room.lines.all.findLast((one) => one.who === 'assistant')
  return (
    <Panel className="flex flex-col gap-4">
      <p role="status" className="flex flex-wrap items-center gap-2 text-sm">
        <State room={room} mood={mood} />
      </p>
      {face && (
        <div className="flex justify-center">
          <Avatar mood={mood} speaker={room.speaker} />
        </div>
      )}
      {captions && latest && (
        <p className="min-h-14 rounded-lg bg-sunken p-3 text-center text-lg" aria-hidden>
          {latest.text}
        </p>
      )}
      {room.deaf !== null && room.speaker !== null && <Deaf why={room.deaf} />}
      {room.deaf === null && room.speaker !== null && <LevelMeter level={room.level} />}
      {unheard && (
        <p role="alert" className="flex items-center gap-2 rounded-lg bg-warn-wash p-3 text-sm">
          <MicOff aria-hidden className="size-5 shrink-0" />
          {say('cantHear')}
        </p>
      )}
      <div className="flex flex-wrap justify-center gap-2">
        {room.speaker !== null && (
          <Button onClick={() => room.pause(!room.paused)}>
            {room.paused ? <Play aria-hidden className="size-5" /> : <Pause aria-hidden className="size-5" />}
            {room.paused ? say('resume') : say('pause')}
          </Button>
        )}
        {room.speaker !== null && (
          <Button onClick={room.interrupt} disabled={!room.speaking}>
            <Hand aria-hidden className="size-5" />
            {say('interrupt')}
          </Button>
        )}
        <Button onClick={() => setFace(!face)}>
          <SmilePlus aria-hidden className="size-5" />
          {say(face ? 'faceOff' : 'faceOn')}
        </Button>
        <Button onClick={() => turnCaptions(!captions)}>
          {captions ? <CaptionsOff aria-hidden className="size-5" /> : <Captions aria-hidden className="size-5" />}
          {captions ? say('captionsOff') : say('captionsOn')}
        </Button>
      </div>
      {stop}
    </Panel>
  )
}

function State({ room, mood }: { room: Room; mood: Mood }) {
  const say = useRoomWords()
  if (room.state === 'connecting') return <Badge>{say('connecting')}</Badge>
  if (room.state === 'failed') return null // why is told above
  if (room.state === 'reconnecting') return <Badge tone="warn">{say('reconnecting')}</Badge>
  if (room.paused) return <Badge tone="warn">{say('muted')}</Badge>
  return (
    <>
      <Badge tone="good">{say('live')}</Badge>
      {mood !== 'idle' && <Badge tone="brand">{say(mood)}</Badge>}
    </>
  )
}

function moodOf(room: Room): Mood {
  if (room.state !== 'live') return 'idle'
  if (room.speaking) return 'speaking'
  const last = room.lines.all.at(-1)
  return last?.who === 'patient' && !last.open ? 'thinking' : 'listening'
}

const UNHEARD_MS = 5_000
const HEARD = 0.01 // a quiet room is below, a voice well above

/** Nothing came through the microphone for a while although it should have. */
function useUnheard(room: Room): boolean {
  const [unheard, setUnheard] = useState(false)
  const listening = room.state === 'live' && room.speaker !== null && room.deaf === null && !room.paused && !room.speaking
  const { level } = room
  useEffect(() => {
    if (!listening) {
      setUnheard(false)
      return
    }
    let since = Date.now()
    const timer = window.setInterval(() => {
      if (level() > HEARD) since = Date.now()
      setUnheard(Date.now() - since > UNHEARD_MS)
    }, 250)
    return () => window.clearInterval(timer)
  }, [listening, level])
  return unheard
}
