// A face drawn by us. Its lips say what is heard: by the shapes that come with the voice, else by its sound. It blinks, leans in
// to listen and looks up to think. It is looked at 25 times a second while it speaks, 8 times else, and painted only where
// something moved by what one can see; not at all while the page is hidden. Where motion is not wanted only the mouth moves.
import { useEffect, useRef } from 'react'
import type { Speaker } from './audio/speaker'
import { lips } from './lips'
import { CLOSED, mouthOf, towards, type Mouth } from './visemes'
import { useRoomWords } from './words'

export type Mood = 'idle' | 'listening' | 'thinking' | 'speaking'

const SPEAKING_MS = 1000 / 25
const QUIET_MS = 1000 / 8
const BLINK_EVERY_MS = 3_800
const BLINK_MS = 140

export function Avatar({ mood, speaker }: { mood: Mood; speaker: Speaker | null }) {
  const say = useRoomWords()
  const face = useRef<SVGSVGElement>(null)
  const state = useRef({ mood, speaker })
  const look = useRef<() => void>(undefined)
  useEffect(() => {
    state.current = { mood, speaker }
    look.current?.()
  }, [mood, speaker])
  useEffect(() => {
    if (!face.current) return
    const moved = animate(face.current, () => state.current)
    look.current = moved.look
    return moved.stop
  }, [])
  return (
    <svg ref={face} viewBox="0 0 200 200" role="img" aria-label={say('face')} className="size-full max-h-72">
      <circle cx="100" cy="100" r="96" className="fill-brand-wash" />
      <g data-part="head">
        <path d="M38 190c4-34 30-46 62-46s58 12 62 46z" fill="#0f766e" />
        <path d="M86 128h28v26c0 9-28 9-28 0z" fill="#c98d6b" />
        <path d="M52 92c0-44 22-64 48-64s48 20 48 64c0 12-2 24-6 34H58c-4-10-6-22-6-34z" fill="#2b2320" />
        <ellipse cx="100" cy="96" rx="39" ry="46" fill="#dba583" />
        <path d="M60 92c4-28 22-40 42-38 20-1 34 12 38 36-10-14-22-22-40-22-16 0-30 8-40 24z" fill="#2b2320" />
        <path d="M75 80q9-6 18-1M107 79q9-5 18 1" stroke="#3a2c26" strokeWidth="3" fill="none" strokeLinecap="round" data-part="brows" />
        <g data-part="eyes">
          <ellipse cx="84" cy="92" rx="7" ry="5.5" fill="#fff" />
          <ellipse cx="116" cy="92" rx="7" ry="5.5" fill="#fff" />
          <circle cx="84" cy="92" r="3.6" fill="#2b2320" data-part="pupil" />
          <circle cx="116" cy="92" r="3.6" fill="#2b2320" data-part="pupil" />
        </g>
        <path d="M100 95c-2 7-5 12-3 14 2 1 5 1 6 0" stroke="#b97c5c" strokeWidth="2.4" fill="none" strokeLinecap="round" />
        <g data-part="mouth">
          <path data-part="lips" fill="#6b2227" stroke="#a8484c" strokeWidth="3" strokeLinejoin="round" />
          <path data-part="tongue" fill="#c9656a" />
          <path data-part="teeth" fill="#fff" />
        </g>
      </g>
    </svg>
  )
}

function animate(face: SVGSVGElement, now: () => { mood: Mood; speaker: Speaker | null }): { look: () => void; stop: () => void } {
  const part = (name: string) => Array.from(face.querySelectorAll<SVGElement>(`[data-part="${name}"]`))
  const [eyes, head] = [part('eyes')[0], part('head')[0]]
  const [outline, tongue, teeth] = [part('lips')[0], part('tongue')[0], part('teeth')[0]]
  const pupils = part('pupil')
  const still = window.matchMedia('(prefers-reduced-motion: reduce)')
  let bins = new Uint8Array(0)
  let mouth = CLOSED
  let timer: number | undefined
  document.addEventListener('visibilitychange', look)
  look()

  // A timer, not the screen's own beat: that has the page made anew sixty times a second although nothing moved.
  function look(): void {
    window.clearTimeout(timer)
    if (document.hidden) return
    const { mood, speaker } = now()
    timer = window.setTimeout(look, mood === 'speaking' ? SPEAKING_MS : QUIET_MS)
    speak(mood === 'speaking' && speaker ? (speaker.mouth() ?? heard(speaker.analyser)) : CLOSED)
    if (!still.matches) live(mood, performance.now())
  }

  function speak(wanted: Mouth): void {
    mouth = towards(mouth, wanted, 0.6)
    const drawn = lips(mouth)
    write(outline, 'd', drawn.outline)
    write(tongue, 'd', drawn.tongue)
    write(teeth, 'd', drawn.teeth)
  }

  function live(mood: Mood, at: number): void {
    write(eyes, 'transform', at % BLINK_EVERY_MS < BLINK_MS ? 'translate(0 83) scale(1 0.1)' : '')
    pupils.forEach((one) => write(one, 'transform', mood === 'thinking' ? 'translate(3 -3)' : ''))
    const nod = mood === 'listening' ? 1.2 * Math.sin(at / 700) : 0.6 * Math.sin(at / 1_600)
    const lean = mood === 'thinking' ? -3 : 0
    write(head, 'transform', `translate(0 ${(Math.round(nod * 2) / 2).toFixed(1)}) rotate(${lean} 100 150)`)
  }

  function heard(analyser: AnalyserNode): Mouth {
    if (bins.length !== analyser.frequencyBinCount) bins = new Uint8Array(analyser.frequencyBinCount)
    analyser.getByteFrequencyData(bins)
    return mouthOf(bins, analyser.context.sampleRate / analyser.fftSize)
  }

  function stop(): void {
    window.clearTimeout(timer)
    document.removeEventListener('visibilitychange', look)
  }

  return { look, stop }
}

/** Only what differs is written: each writing has the face painted again. */
function write(part: SVGElement | undefined, name: string, value: string): void {
  if (part && (part.getAttribute(name) ?? '') !== value) part.setAttribute(name, value)
}
