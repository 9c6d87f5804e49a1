// The microphone as pieces of 16 kHz PCM16. Echo cancellation stays on: the agent's own voice returns through speakers.
declare global {
  interface Window {
    __unprocessedMicrophone?: boolean
  }
}

export interface Microphone {
  /** Loudest sample of the latest piece, 0 to 1. */
  level: () => number
  deviceId: string | undefined
  close: () => void
}

export async function openMicrophone(
  deviceId: string | undefined,
  onPiece: (pcm: ArrayBuffer) => void,
  onGone: () => void,
): Promise<Microphone> {
  const processed = !window.__unprocessedMicrophone // an end-to-end test compares waves
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: {
      deviceId: deviceId ? { exact: deviceId } : undefined,
      channelCount: 1,
      echoCancellation: processed,
      noiseSuppression: processed,
      autoGainControl: processed,
    },
  })
  const context = new AudioContext({ sampleRate: 16_000, latencyHint: 'interactive' })
  try {
    await context.audioWorklet.addModule('/worklets/capture.js')
    const source = context.createMediaStreamSource(stream)
    const capture = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 })
    let level = 0
    capture.port.onmessage = ({ data }: MessageEvent<{ pcm: ArrayBuffer; peak: number }>) => {
      level = data.peak
      onPiece(data.pcm)
    }
    source.connect(capture)
    await context.resume()
    const track = stream.getAudioTracks()[0]
    track?.addEventListener('ended', onGone)
    return {
      level: () => level,
      deviceId: track?.getSettings().deviceId,
      close: () => {
        track?.removeEventListener('ended', onGone)
        stream.getTracks().forEach((one) => one.stop())
        if (context.state !== 'closed') void context.close()
      },
    }
  } catch (error) {
    stream.getTracks().forEach((one) => one.stop())
    void context.close()
    throw error
  }
}

/** The microphones one may choose from; their names are known only after permission was given once. */
export async function microphones(): Promise<MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices()
  return devices.filter((one) => one.kind === 'audioinput' && one.deviceId !== '')
}
