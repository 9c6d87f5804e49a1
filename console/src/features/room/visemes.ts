// From the sound that is being played to the shape of a mouth: where no timing comes with the voice, its spectrum tells
// enough. Low energy opens the jaw, high energy spreads the lips, energy around 1 kHz rounds them.
export interface Mouth {
  /** 0 closed to 1 wide open. */
  open: number
  /** -1 rounded (o, u) to 1 spread (i, e, s). */
  wide: number
}

export const CLOSED: Mouth = { open: 0, wide: 0 }
const FLOOR = 0.06 // below it is silence

/** `bins` as of `AnalyserNode.getByteFrequencyData`; `hz` is the width of one bin. */
export function mouthOf(bins: Uint8Array, hz: number): Mouth {
  const low = mean(bins, 200 / hz, 900 / hz)
  const middle = mean(bins, 900 / hz, 1_600 / hz)
  const high = mean(bins, 1_900 / hz, 4_500 / hz)
  const loud = Math.max(low, middle, high)
  if (loud < FLOOR) return CLOSED
  return { open: clamp(low * 1.5, 0, 1), wide: clamp((high * 1.6 - middle) / (loud + 0.05), -1, 1) }
}

/** A step from one shape to the next: lips are not teleported. */
export function towards(from: Mouth, to: Mouth, share: number): Mouth {
  return { open: from.open + (to.open - from.open) * share, wide: from.wide + (to.wide - from.wide) * share }
}

function mean(bins: Uint8Array, from: number, to: number): number {
  const first = Math.floor(from)
  const last = Math.min(bins.length, Math.ceil(to))
  let sum = 0
  for (let n = first; n < last; n++) sum += bins[n] ?? 0
  return last > first ? sum / (last - first) / 255 : 0
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
