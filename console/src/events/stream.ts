// One stream of server-sent events (docs/guides/api.md, "Live events"), read with `fetch`: an EventSource could not carry
// the sign-in. It comes back by itself, behind the last event it saw, and says whether it is there.

export interface Told {
  kind: string
  /** Ids of what it happened to. */
  subject: Record<string, string | number>
}

export interface Following {
  /** Asks for the stream behind this cursor. */
  open: (after: string | null, signal: AbortSignal) => Promise<Response>
  /** `null`: more happened than can be told, or it is not known what; everything may have changed. */
  tell: (event: Told | null) => void
  state: (here: boolean) => void
  /** The cursor of the last event that was seen; it outlives a pause of the following. */
  place: { after: string | null }
  pauses?: Pauses
}

export interface Pauses {
  firstMs: number
  longestMs: number
  /** The server says something every 15 seconds: silence for longer is a connection that nobody told us of. */
  silentMs: number
  /** A stream that lived for so long was a good one: the next pause is short again. */
  steadyMs: number
}

const PAUSES: Pauses = { firstMs: 1_000, longestMs: 60_000, silentMs: 45_000, steadyMs: 10_000 }
const LONGEST_LINE = 100_000

/** Follow until the function that comes back is called. */
export function follow({ open, tell, state, place, pauses = PAUSES }: Following): () => void {
  const stop = new AbortController()
  let failures = 0

  const once = async () => {
    const attempt = new AbortController()
    const end = () => attempt.abort()
    stop.signal.addEventListener('abort', end)
    let silence = setTimeout(end, pauses.silentMs)
    try {
      const answer = await open(place.after, attempt.signal)
      if (answer.status === 422) place.after = null // a cursor that this server does not know
      if (!answer.ok || answer.body === null) return
      let fresh = place.after === null // of what was before, nothing will be told
      const read = events(({ id, kind, data }) => {
        if (kind === 'missed') place.after = null
        else if (id) place.after = id
        tell(kind === 'missed' ? null : parsed(data))
      })
      const words = new TextDecoder()
      const source = answer.body.getReader()
      for (let piece = await source.read(); !piece.done; piece = await source.read()) {
        clearTimeout(silence)
        silence = setTimeout(end, pauses.silentMs)
        if (fresh) tell(null)
        fresh = false
        read(words.decode(piece.value, { stream: true }))
        if (!stop.signal.aborted) state(true)
      }
    } finally {
      clearTimeout(silence)
      stop.signal.removeEventListener('abort', end)
    }
  }

  const run = async () => {
    while (!stop.signal.aborted) {
      const begun = Date.now()
      await once().catch(() => undefined)
      if (stop.signal.aborted) return
      state(false)
      failures = Date.now() - begun >= pauses.steadyMs ? 0 : failures + 1
      await pause(Math.min(pauses.longestMs, pauses.firstMs * 2 ** failures) * (0.5 + Math.random() / 2), stop.signal)
    }
  }
  void run()
  return () => stop.abort()
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const late = setTimeout(done, ms)
    signal.addEventListener('abort', () => (clearTimeout(late), done()), { once: true })
  })
}

function parsed(data: string): Told | null {
  try {
    return JSON.parse(data) as Told
  } catch {
    return null
  }
}

interface Block {
  id: string
  kind: string
  data: string
}

/** Cuts what arrives into events, however the network cut it. What begins with `:` is a sign of life. */
export function events(tell: (event: Block) => void): (piece: string) => void {
  let rest = ''
  let block: Block = { id: '', kind: 'message', data: '' }
  return (piece) => {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST_LINE) throw new Error('a line without an end')
    for (const one of lines) {
      const line = one.replace(/\r$/, '')
      const [name, value] = [line.split(':', 1)[0], line.replace(/^[^:]*: ?/, '')]
      if (line === '') {
        if (block.data) tell(block)
        block = { id: '', kind: 'message', data: '' }
      } else if (name === 'id') block.id = value
      else if (name === 'event') block.kind = value
      else if (name === 'data') block.data += (block.data && '\n') + value
    }
  }
}
