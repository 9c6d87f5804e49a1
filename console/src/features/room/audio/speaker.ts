// What the agent says, played as it comes. Tells which marks were passed, and lets others look at the sound.
export interface Speaker {
  play: (pcm: ArrayBuffer) => void
  mark: (name: string) => void
  /** Silence now: everything that is queued is dropped. */
  flush: () => void
  analyser: AnalyserNode
  /** Samples played and gaps heard, for the tests of the page. */
  played: () => { samples: number; underruns: number }
  close: () => void
}

interface FromWorklet {
  mark?: string
  speaking?: boolean
  played?: number
  underruns?: number
}

export async function openSpeaker(onMark: (name: string) => void, onSpeaking: (speaking: boolean) => void): Promise<Speaker> {
  const context = new AudioContext({ sampleRate: 16_000, latencyHint: 'interactive' })
  await context.audioWorklet.addModule('/worklets/playback.js')
  const playback = new AudioWorkletNode(context, 'playback', { numberOfInputs: 0, outputChannelCount: [1] })
  const analyser = context.createAnalyser()
  analyser.fftSize = 512
  analyser.smoothingTimeConstant = 0.5
  playback.connect(analyser).connect(context.destination)
  let samples = 0
  let underruns = 0
  playback.port.onmessage = ({ data }: MessageEvent<FromWorklet>) => {
    samples = data.played ?? samples
    underruns = data.underruns ?? underruns
    if (data.mark !== undefined) onMark(data.mark)
    if (data.speaking !== undefined) onSpeaking(data.speaking)
  }
  await context.resume()
  return {
    play: (pcm) => playback.port.postMessage({ pcm }, [pcm]),
    mark: (name) => playback.port.postMessage({ mark: name }),
    flush: () => playback.port.postMessage({ flush: true }),
    analyser,
    played: () => ({ samples, underruns }),
    close: () => void context.close(),
  }
}
