// A face drawn by us. Its lips follow the sound; it blinks, leans in to listen and looks up to think. It is drawn 25 times a
// second while it speaks, 8 times else, only where something moved by what one can see, and not at all while the page is
// hidden; where motion is not wanted only the mouth moves.
import { useEffect, useRef } from 'react'
import { CLOSED, mouthOf, towards, type Mouth } from './visemes'
import { useRoomWords } from './words'

export type Mood = 'idle' | 'listening' | 'thinking' | 'speaking'

const SPEAKING_MS = 1000 / 25
const QUIET_MS = 1000 / 8
const BLINK_EVERY_MS = 3_800
const BLINK_MS = 140

export function Avatar({ mood, analyser }: { mood: Mood; analyser: AnalyserNode | null }) {
  const say = useRoomWords()
  const face = useRef<SVGSVGElement>(null)
  const state = useRef({ mood, analyser })
  useEffect(() => {
    state.current = { mood, analyser }
  }, [mood, analyser])
  useEffect(() => (face.current ? animate(face.current, () => state.current) : undefined), [])
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
        <path data-part="mouth" d="M86 122q14 5 28 0q-14 3-28 0z" fill="#7c2d32" stroke="#a8484c" strokeWidth="3" strokeLinejoin="round" />
      </g>
    </svg>
  )
}

function animate(face: SVGSVGElement, now: () => { mood: Mood; analyser: AnalyserNode | null }): () => void {
  const part = (name: string) => Array.from(face.querySelectorAll<SVGElement>(`[data-part="${name}"]`))
  const [mouthPath, eyes, head] = [part('mouth')[0], part('eyes')[0], part('head')[0]]
  const pupils = part('pupil')
  const still = window.matchMedia('(prefers-reduced-motion: reduce)')
  let bins = new Uint8Array(0)
  let mouth = CLOSED
  let drawn = ''
  let last = 0
  let handle = requestAnimationFrame(frame)

  function frame(at: number): void {
    handle = requestAnimationFrame(frame)
    const { mood, analyser } = now()
    if (at - last < (mood === 'speaking' ? SPEAKING_MS : QUIET_MS)) return
    last = at
    mouth = towards(mouth, mood === 'speaking' && analyser ? heard(analyser) : CLOSED, 0.5)
    const shape = lips(mouth)
    if (shape !== drawn) mouthPath?.setAttribute('d', (drawn = shape))
    if (still.matches) return
    const blinking = at % BLINK_EVERY_MS < BLINK_MS
    move(eyes, blinking ? 'translate(0 83) scale(1 0.1)' : '')
    pupils.forEach((one) => move(one, mood === 'thinking' ? 'translate(3 -3)' : ''))
    const nod = mood === 'listening' ? 1.2 * Math.sin(at / 700) : 0.6 * Math.sin(at / 1_600)
    const lean = mood === 'thinking' ? -3 : 0
    move(head, `translate(0 ${(Math.round(nod * 2) / 2).toFixed(1)}) rotate(${lean} 100 150)`)
  }

  function heard(analyser: AnalyserNode): Mouth {
    if (bins.length !== analyser.frequencyBinCount) bins = new Uint8Array(analyser.frequencyBinCount)
    analyser.getByteFrequencyData(bins)
    return mouthOf(bins, analyser.context.sampleRate / analyser.fftSize)
  }

  return () => cancelAnimationFrame(handle)
}

/** Only what differs is written: each writing has the face painted again. */
function move(part: SVGElement | undefined, transform: string): void {
  if (part && (part.getAttribute('transform') ?? '') !== transform) part.setAttribute('transform', transform)
}

function lips({ open, wide }: Mouth): string {
  const half = 14 + 3 * wide
  const up = 1 + 5 * open
  const down = 4 + 15 * open
  const [left, right] = [(100 - half).toFixed(1), (100 + half).toFixed(1)]
  return `M${left} 122Q100 ${(122 - up).toFixed(1)} ${right} 122Q100 ${(122 + down).toFixed(1)} ${left} 122z`
}
