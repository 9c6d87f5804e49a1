// A queue of sound, marks and shapes of a mouth. A mark is told when everything before it was played, a shape when its sound
// is; `flush` drops all of it at once.
const RATE = 16000
const BUFFER_S = 0.06 // gathered before sound begins, so that a late packet is not heard
const MOST_SHAPES = 1000

class Playback extends AudioWorkletProcessor {
  constructor() {
    super()
    this.clear()
    this.played = 0
    this.underruns = 0
    this.port.onmessage = ({ data }) => {
      if (data.flush) {
        this.clear()
        this.port.postMessage({ flushed: true, played: this.played })
      } else if (data.mark !== undefined) this.queue.push({ mark: data.mark })
      else if (data.visemes) this.shape(data.visemes)
      else if (data.pcm) this.add(new Int16Array(data.pcm))
    }
  }

  clear() {
    this.queue = []
    this.shapes = []
    this.queued = 0 // samples
    this.offset = 0
    this.waiting = true
    this.since = currentTime
    this.told = false
  }

  add(pcm) {
    if (this.queued === 0) this.since = currentTime
    this.queue.push({ pcm })
    this.queued += pcm.length
  }

  /** Pairs of a shape and the milliseconds after what is queued now; some may be due already. */
  shape(visemes) {
    const end = this.played + this.queued - this.offset
    for (const [shape, ms] of visemes) if (this.shapes.length < MOST_SHAPES) this.shapes.push({ shape, at: end + (ms * RATE) / 1000 })
  }

  process(_, outputs) {
    const out = outputs[0][0]
    if (!out) return true
    if (this.waiting && this.queued > 0) {
      const enough = this.queued / RATE >= BUFFER_S || currentTime - this.since > 2 * BUFFER_S
      if (enough) this.waiting = false
    }
    const step = RATE / sampleRate
    for (let n = 0; n < out.length; n++) out[n] = this.waiting ? 0 : this.next(step)
    if (this.waiting) this.pass()
    else this.move()
    const speaking = !this.waiting
    if (speaking !== this.told) {
      this.told = speaking
      this.port.postMessage({ speaking, played: this.played, underruns: this.underruns })
    }
    return true
  }

  /** One output sample; silence, and gathering again, where the queue has run dry. */
  next(step) {
    this.pass()
    const head = this.queue[0]
    if (!head) {
      this.waiting = true
      return 0
    }
    const index = Math.floor(this.offset)
    const a = head.pcm[index] / 32768
    const b = (head.pcm[index + 1] ?? head.pcm[index]) / 32768
    const value = a + (b - a) * (this.offset - index)
    this.offset += step
    this.played += step
    if (this.offset >= head.pcm.length) {
      this.offset -= head.pcm.length
      this.queued -= head.pcm.length
      this.queue.shift()
      if (this.queue.length === 0) this.underruns += 1
    }
    return value
  }

  /** Tell the shape of what is played now. */
  move() {
    let now
    while (this.shapes.length > 0 && this.shapes[0].at <= this.played) now = this.shapes.shift().shape
    if (now !== undefined) this.port.postMessage({ shape: now, played: this.played })
  }

  /** Tell the marks that everything before has now been played. */
  pass() {
    while (this.queue.length > 0 && this.queue[0].mark !== undefined) {
      this.port.postMessage({ mark: this.queue.shift().mark, played: this.played })
    }
  }
}

registerProcessor('playback', Playback)
