// One live conversation over the socket (docs/guides/websocket.md): opened by a ticket, resumed after a drop without
// losing a message, ended by either side.
import { asProblem, Problem } from '@/api/client'
import { createTicket } from '@/api/generated/sdk.gen'
import { accessToken } from '@/session/tokens'

export type Message =
  | { type: 'session'; session_id: string; language: string; resume: string | null; resumed: boolean; replay: 'messages' | 'record' | null; texts_received: number; seq: number }
  | { type: 'transcript'; text: string; is_final: boolean; stored?: boolean; seq: number }
  | { type: 'ai_response'; text: string; is_final: boolean; stored?: boolean; seq: number }
  | { type: 'mark'; mark: string; seq: number }
  | { type: 'visemes'; visemes: [string, number][]; seq?: undefined }
  | { type: 'interrupted'; seq: number }
  | { type: 'metrics'; turn_id: string; waterfall_ms: Record<string, number>; seq: number }
  | { type: 'error'; error_code: string; message: string; seq: number }
  | { type: 'session_ended'; reason: string; code: string | null; seq: number }

export type State = 'connecting' | 'live' | 'reconnecting' | 'ended' | 'failed'

interface Told {
  message: (message: Message) => void
  sound: (pcm: ArrayBuffer) => void
  state: (state: State, why?: Problem) => void
}

const MOST_BUFFERED = 64_000 // bytes that wait in the socket; sound beyond is dropped, for late speech is no speech
const FATAL = new Set([1008, 4402, 4403, 4404, 4409])
const PAUSES_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 8_000]
const OPEN_MS = 10_000
const LEFT = 4000 // any code but 1000 leaves the session waiting to be resumed

export class Conversation {
  dropped = 0 // pieces of sound that the network was too slow for
  carried = 0 // texts that were typed before this session began, and went into it
  private socket: WebSocket | null = null
  private url = ''
  private resume: string | null = null
  private seq = 0
  private sound = true
  private texts: string[] = [] // of this session, in order: the server says how many of them it has
  private unsent: string[] = [] // typed while there was no connection
  private attempts = 0
  private over = false
  private timer: number | undefined

  constructor(
    private readonly consultationId: string,
    private readonly language: string | undefined,
    private readonly told: Told,
  ) {
    window.addEventListener('online', this.hurry)
  }

  /** `sound`: whether any can be played. Else no speech is made, and what was written counts as read. */
  async open(sound: boolean): Promise<void> {
    this.sound = sound
    this.told.state(this.attempts === 0 ? 'connecting' : 'reconnecting')
    try {
      const { data } = await createTicket({ body: { consultation_id: this.consultationId }, throwOnError: true })
      if (this.over) return // left while it was asked for
      this.url = data.url
      this.connect(['auricle.v1', `ticket.${data.ticket}`])
    } catch (error) {
      const problem = asProblem(error)
      if (problem.status === 0 || problem.status === 503) this.again()
      else this.fail(problem)
    }
  }

  hear(pcm: ArrayBuffer): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return
    if (this.socket.bufferedAmount > MOST_BUFFERED) this.dropped += 1
    else this.socket.send(pcm)
  }

  say(text: string): void {
    if (this.socket?.readyState !== WebSocket.OPEN || this.resume === null) this.unsent.push(text)
    else this.sendText(text)
  }

  played(mark: string): void {
    this.send({ type: 'played', mark })
  }

  interrupt(): void {
    this.send({ type: 'interrupt' })
  }

  end(): void {
    this.send({ type: 'end' })
    this.finish('ended')
  }

  /** Leave without ending: the conversation may go on elsewhere. */
  leave(): void {
    this.finish('ended', undefined, LEFT)
  }

  private connect(protocols: string[]): void {
    const socket = new WebSocket(this.url, protocols)
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    const late = window.setTimeout(() => socket.close(), OPEN_MS)
    socket.onopen = () => {
      const coming = this.resume === null ? {} : { resume: this.resume, last_seq: this.seq }
      this.send({
        type: 'init-session',
        consultation_id: this.consultationId,
        language: this.language ?? null,
        audio: { encoding: 'pcm16', sample_rate: 16_000, binary: true, sound: this.sound, visemes: this.sound },
        ...coming,
      })
    }
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data !== 'string') return this.told.sound(data)
      window.clearTimeout(late)
      this.receive(JSON.parse(data) as Message)
    }
    socket.onclose = (closed) => {
      window.clearTimeout(late)
      if (this.socket === socket) this.closed(closed)
    }
  }

  private receive(message: Message): void {
    if (typeof message.seq === 'number') this.seq = Math.max(this.seq, message.seq)
    if (message.type === 'session') this.begun(message)
    this.told.message(message)
    if (message.type === 'session_ended') this.finish('ended')
  }

  private begun(session: Extract<Message, { type: 'session' }>): void {
    this.resume = session.resume
    this.seq = session.seq
    this.attempts = 0
    const lost = session.replay === 'messages' ? this.texts.slice(session.texts_received) : []
    this.texts = session.replay === 'messages' ? this.texts.slice(0, session.texts_received) : []
    const waiting = [...lost, ...this.unsent]
    this.unsent = []
    this.carried = waiting.length
    waiting.forEach((text) => this.sendText(text))
    this.told.state('live')
  }

  private closed(event: CloseEvent): void {
    if (this.over) return
    if (event.code === 1000) return this.finish('ended')
    if (FATAL.has(event.code))
      return this.fail(new Problem({ error_code: event.reason || `socket.${event.code}`, message: event.reason }, event.code, null))
    if (event.code === 4401) {
      this.resume = null // the token is used up; a ticket opens it anew
      if (accessToken() === null) return this.fail(new Problem({ error_code: 'authentication.required' }, 401, null))
    }
    this.again()
  }

  private again(): void {
    if (this.over) return
    const pause = PAUSES_MS[this.attempts]
    if (pause === undefined) return this.fail(new Problem({}, 0, null))
    this.attempts += 1
    this.told.state('reconnecting')
    this.timer = window.setTimeout(this.retry, pause)
  }

  private readonly retry = (): void => {
    this.timer = undefined
    // After a while the session is gone with its token; a ticket begins a new one of the same consultation.
    if (this.resume !== null && this.attempts < 5) this.connect(['auricle.v1'])
    else {
      this.resume = null
      void this.open(this.sound)
    }
  }

  private readonly hurry = (): void => {
    if (this.timer === undefined) return
    window.clearTimeout(this.timer)
    this.retry()
  }

  private sendText(text: string): void {
    this.texts.push(text)
    this.send({ type: 'text', text })
  }

  private send(message: Record<string, unknown>): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private fail(problem: Problem): void {
    this.finish('failed', problem)
  }

  private finish(state: State, why?: Problem, code = 1000): void {
    if (this.over) return
    this.over = true
    window.removeEventListener('online', this.hurry)
    window.clearTimeout(this.timer)
    this.socket?.close(code)
    this.socket = null
    this.told.state(state, why)
  }
}
