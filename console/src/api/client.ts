// The generated client with this sign-in's token; what the API refuses is thrown as `Problem`.
import { client } from './generated/client.gen'
import { accessToken, refreshed, refusedHere } from '@/session/tokens'

export interface ProblemBody {
  status: number
  error_code: string
  message: string
  context: Record<string, unknown>
  request_id?: string
}

/** What the API says when it refuses (RFC 9457), or that it could not be reached (`status` 0). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly context: Record<string, unknown>
  readonly requestId: string | null

  constructor(body: Partial<ProblemBody>, status: number, requestId: string | null) {
    super(body.message ?? 'The service could not be reached.')
    this.status = status
    this.code = body.error_code ?? 'network.unreachable'
    this.context = body.context ?? {}
    this.requestId = requestId
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem({ message: String(error) }, 0, null)
}

/** `fetch` with the access token; renewed and sent again once where it was no longer good. */
export async function authorizedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init)
  const again = request.clone()
  const answer = await send(request, accessToken())
  if (answer.status === 403) refusedHere()
  const renewable = answer.status === 401 && !new URL(request.url).pathname.startsWith('/api/v1/auth/log')
  if (!renewable || accessToken() === null) return answer
  const token = await refreshed()
  return token === null ? answer : send(again, token)
}

async function send(request: Request, token: string | null): Promise<Response> {
  const headers = new Headers(request.headers)
  if (token !== null) headers.set('authorization', `Bearer ${token}`)
  try {
    return await fetch(new Request(request, { headers }))
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem({}, 0, null)
  }
}

/** The body of an answer that is no JSON (sound, a document). Throws `Problem`. */
export async function blobOf(url: string, init?: RequestInit): Promise<Blob> {
  const answer = await authorizedFetch(url, init)
  if (!answer.ok) throw await problemOf(answer)
  return answer.blob()
}

export async function problemOf(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as Partial<ProblemBody>
  return new Problem(body, answer.status, answer.headers.get('x-request-id'))
}

client.setConfig({ baseUrl: '', fetch: authorizedFetch, throwOnError: true })
client.interceptors.error.use((error, response) => {
  if (error instanceof Error) return error
  const id = response?.headers.get('x-request-id') ?? null
  return new Problem((error ?? {}) as Partial<ProblemBody>, response?.status ?? 0, id)
})
