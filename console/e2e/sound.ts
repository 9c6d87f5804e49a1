// Waves compared: the first channel of a PCM16 WAV at a rate, and how alike two are at their best alignment.

export function samplesOf(wav: Buffer, rateHz: number): Float64Array {
  let at = 12
  let channels = 1
  let rate = rateHz
  while (at + 8 <= wav.length) {
    const name = wav.toString('ascii', at, at + 4)
    const size = wav.readUInt32LE(at + 4)
    if (name === 'fmt ') {
      channels = wav.readUInt16LE(at + 10)
      rate = wav.readUInt32LE(at + 12)
    }
    if (name === 'data') {
      const frames = Math.floor(Math.min(size, wav.length - at - 8) / 2 / channels)
      const own = Float64Array.from({ length: frames }, (_, n) => wav.readInt16LE(at + 8 + n * 2 * channels))
      const every = Math.max(1, Math.round(rate / rateHz))
      return lowpassed(own, rate).filter((_, n) => n % every === 0)
    }
    at += 8 + size + (size % 2)
  }
  throw new Error('no sound in this file')
}

const TELEPHONE_HZ = 3_400
const TAPS = 96

/** What a telephone would carry: differences of resamplers lie above. A windowed sinc. */
function lowpassed(samples: Float64Array, rateHz: number): Float64Array {
  const cut = TELEPHONE_HZ / rateHz
  const taps = Float64Array.from({ length: TAPS * 2 + 1 }, (_, n) => {
    const x = n - TAPS
    const sinc = x === 0 ? 2 * cut : Math.sin(2 * Math.PI * cut * x) / (Math.PI * x)
    return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (TAPS + 1)))
  })
  return Float64Array.from({ length: samples.length }, (_, n) => {
    let sum = 0
    for (let k = -TAPS; k <= TAPS; k++) sum += (samples[n + k] ?? 0) * (taps[k + TAPS] ?? 0)
    return sum
  })
}

function averaged(samples: Float64Array, by: number): Float64Array {
  return Float64Array.from({ length: Math.floor(samples.length / by) }, (_, n) => {
    let sum = 0
    for (let k = 0; k < by; k++) sum += samples[n * by + k] ?? 0
    return sum / by
  })
}

/** The correlation of the loud part of `source` with `other`, where they fit best. Envelopes find the place, samples the value. */
export function correlation(source: Float64Array, other: Float64Array, rateHz: number): number {
  const loud = source.findIndex((value) => Math.abs(value) > 500)
  const last = source.findLastIndex((value) => Math.abs(value) > 500)
  const part = source.slice(loud, last)
  const step = Math.round(rateHz / 200)
  const rough = best(envelope(part, step), envelope(other, step), 0, Infinity).at * step
  return best(part, other, rough - 2 * step, rough + 2 * step).value
}

function envelope(samples: Float64Array, step: number): Float64Array {
  return averaged(samples.map(Math.abs), step)
}

function best(part: Float64Array, whole: Float64Array, from: number, to: number): { at: number; value: number } {
  let found = { at: 0, value: -1 }
  for (let at = Math.max(0, from); at <= Math.min(to, whole.length - part.length); at++) {
    let [ab, bb, aa] = [0, 0, 0]
    for (let n = 0; n < part.length; n++) {
      const [a, b] = [part[n] ?? 0, whole[at + n] ?? 0]
      ab += a * b
      aa += a * a
      bb += b * b
    }
    const value = ab / Math.sqrt(aa * bb || 1)
    if (value > found.value) found = { at, value }
  }
  return found
}
