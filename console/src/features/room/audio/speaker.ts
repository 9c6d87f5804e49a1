// What the agent says, played as it comes. Tells which marks were passed and how a mouth moves now, and lets others look at
// the sound.
import { Timeline, type Mouth } from '../visemes'

export interface Speaker {
  play: (pcm: ArrayBuffer) => void
  mark: (name: string) => void
  /** Shapes of a mouth, each with its milliseconds after the sound that is queued now. */
  shape: (visemes: readonly (readonly [string, number])[]) => void
  /** The mouth of what is heard now; null where the voice does not tell. */
  mouth: () => Mouth | null
  /** Silence now: everything that is queued is dropped. */
  flush: () => void
  analyser: AnalyserNode
  /** Samples played, gaps heard and shapes passed, for the tests of the page. */
  played: () => { samples: number; underruns: number; shapes: number }
  close: () => void
}

interface FromWorklet {
  mark?: string
  shape?: string
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
  let shapes = 0
  const timeline = new Timeline()
  playback.port.onmessage = ({ data }: MessageEvent<FromWorklet>) => {
    samples = data.played ?? samples
    underruns = data.underruns ?? underruns
    if (data.mark !== undefined) onMark(data.mark)
    if (data.shape !== undefined) {
      shapes += 1
      timeline.tell(data.shape, performance.now() + (context.outputLatency || 0) * 1_000)
    }
    if (data.speaking !== undefined) onSpeaking(data.speaking)
  }
  await context.resume()
  return {
    play: (pcm) => playback.port.postMessage({ pcm }, [pcm]),
    mark: (name) => playback.port.postMessage({ mark: name }),
    shape: (visemes) => playback.port.postMessage({ visemes }),
    mouth: () => timeline.at(performance.now()),
    flush: () => {
      timeline.clear()
      playback.port.postMessage({ flush: true })
    },
    analyser,
    played: () => ({ samples, underruns, shapes }),
    close: () => void context.close(),
  }
}
