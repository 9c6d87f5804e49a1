// The shape of a mouth: from the visemes that come with the voice (docs/guides/websocket.md), or from the spectrum of what is
// being played where none come.
export interface Mouth {
  /** -0.2 pressed together, 0 closed, 1 wide open. */
  open: number
  /** -1 rounded (o, u) to 1 spread (i, e, s). */
  wide: number
  /** 0 to 1: how much of the opening the upper teeth fill, and the tongue from below. */
  teeth: number
  tongue: number
}

export const CLOSED: Mouth = { open: 0, wide: 0, teeth: 0, tongue: 0 }
const FLOOR = 0.06 // below it is silence

// The fifteen of MPEG-4, drawn after the mouths of Preston Blair's "Cartoon Animation".
const SHAPES: Readonly<Record<string, Mouth>> = {
  sil: CLOSED,
  PP: { open: -0.2, wide: 0.1, teeth: 0, tongue: 0 },
  FF: { open: 0.12, wide: 0.3, teeth: 0.9, tongue: 0 }, // the lower lip at the teeth
  TH: { open: 0.28, wide: 0.1, teeth: 0.3, tongue: 0.8 }, // the tongue between them
  DD: { open: 0.28, wide: 0.3, teeth: 0.45, tongue: 0.5 },
  kk: { open: 0.34, wide: 0.2, teeth: 0.3, tongue: 0.2 },
  CH: { open: 0.3, wide: -0.6, teeth: 0.7, tongue: 0 },
  SS: { open: 0.2, wide: 0.7, teeth: 0.85, tongue: 0 },
  nn: { open: 0.3, wide: 0.2, teeth: 0.3, tongue: 0.6 },
  RR: { open: 0.32, wide: -0.5, teeth: 0.3, tongue: 0.3 },
  aa: { open: 0.95, wide: 0.1, teeth: 0.2, tongue: 0.25 },
  E: { open: 0.6, wide: 0.5, teeth: 0.3, tongue: 0.3 },
  ih: { open: 0.36, wide: 0.9, teeth: 0.5, tongue: 0.3 },
  oh: { open: 0.65, wide: -0.8, teeth: 0.1, tongue: 0.15 },
  ou: { open: 0.35, wide: -1, teeth: 0, tongue: 0 },
}

/** `bins` as of `AnalyserNode.getByteFrequencyData`; `hz` is the width of one bin. */
export function mouthOf(bins: Uint8Array, hz: number): Mouth {
  const low = mean(bins, 200 / hz, 900 / hz)
  const middle = mean(bins, 900 / hz, 1_600 / hz)
  const high = mean(bins, 1_900 / hz, 4_500 / hz)
  const loud = Math.max(low, middle, high)
  if (loud < FLOOR) return CLOSED
  // Low energy opens the jaw, high energy spreads the lips, energy around 1 kHz rounds them.
  return { ...CLOSED, open: clamp(low * 1.5, 0, 1), wide: clamp((high * 1.6 - middle) / (loud + 0.05), -1, 1) }
}

/** A step from one shape to the next: lips are not teleported. */
export function towards(from: Mouth, to: Mouth, share: number): Mouth {
  const between = (a: number, b: number) => a + (b - a) * share
  return {
    open: between(from.open, to.open),
    wide: between(from.wide, to.wide),
    teeth: between(from.teeth, to.teeth),
    tongue: between(from.tongue, to.tongue),
  }
}

const STALE_MS = 350 // no sound of speech lasts so long: its voice has stopped telling
const EARLY_MS = 40 // lips move before they are heard
const MOST = 64

/** Which shape is heard now. Times are milliseconds of one clock. */
export class Timeline {
  private coming: { mouth: Mouth; at: number }[] = []
  private latest: { mouth: Mouth; at: number } | null = null

  /** This shape will be heard at that time; one whose name is not known is left out. */
  tell(shape: string, at: number): void {
    const mouth = Object.hasOwn(SHAPES, shape) ? SHAPES[shape] : undefined
    if (mouth) this.coming = [...this.coming.slice(1 - MOST), { mouth, at }]
  }

  /** Null where nobody has told: look at the sound. */
  at(now: number): Mouth | null {
    while (this.coming[0] && this.coming[0].at <= now + EARLY_MS) this.latest = this.coming.shift() ?? null
    return this.latest && now - this.latest.at < STALE_MS ? this.latest.mouth : null
  }

  clear(): void {
    this.coming = []
    this.latest = null
  }
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
