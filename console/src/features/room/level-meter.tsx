import { useEffect, useRef } from 'react'
import { useRoomWords } from './words'

const STEP_MS = 80

export function LevelMeter({ level }: { level: () => number }) {
  const say = useRoomWords()
  const bar = useRef<HTMLDivElement>(null)
  const read = useRef(level)
  useEffect(() => {
    read.current = level
  })
  useEffect(() => {
    const timer = window.setInterval(() => {
      // The ear hears in decibels: -50 dB is an empty bar, 0 dB a full one.
      const decibels = 20 * Math.log10(Math.max(read.current(), 0.003))
      const share = Math.max(0, Math.min(1, 1 + decibels / 50))
      bar.current?.style.setProperty('transform', `scaleX(${share.toFixed(2)})`)
    }, STEP_MS)
    return () => window.clearInterval(timer)
  }, [])
  return (
    <div role="img" aria-label={say('level')} className="h-3 w-full overflow-hidden rounded-full bg-sunken">
      <div ref={bar} className="h-full origin-left rounded-full bg-brand" />
    </div>
  )
}
