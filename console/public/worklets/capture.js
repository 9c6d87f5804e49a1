// Microphone → 16 kHz PCM16 in pieces of 40 ms, with the level of each. Runs on the audio thread.
const RATE = 16000
const PIECE = 640

class Capture extends AudioWorkletProcessor {
  constructor() {
    super()
    this.piece = new Int16Array(PIECE)
    this.filled = 0
    this.position = 0 // of the next wanted sample, in samples of the block that comes
    this.last = 0
    this.peak = 0
  }

  process(inputs) {
    const block = inputs[0]?.[0]
    if (!block) return true
    const step = sampleRate / RATE // 1 where the context runs at 16 kHz, as it does but in some browsers
    let at = this.position
    while (at < block.length) {
      const index = Math.floor(at)
      const before = index === 0 ? this.last : block[index - 1]
      const value = before + (block[index] - before) * (at - index || 1)
      this.take(value)
      at += step
    }
    this.position = at - block.length
    this.last = block[block.length - 1]
    return true
  }

  take(value) {
    const clipped = Math.max(-1, Math.min(1, value))
    this.peak = Math.max(this.peak, Math.abs(clipped))
    this.piece[this.filled++] = Math.round(clipped * 32767)
    if (this.filled < PIECE) return
    this.port.postMessage({ pcm: this.piece.buffer, peak: this.peak }, [this.piece.buffer])
    this.piece = new Int16Array(PIECE)
    this.filled = 0
    this.peak = 0
  }
}

registerProcessor('capture', Capture)
