// The access token lives in this module's memory and nowhere else; the refresh token in a cookie no script can read.
const COOKIE = { 'content-type': 'application/json', 'x-refresh-cookie': '1' }

const WAS_HERE = 'auricle.signed-in' // that somebody was, not who

const tabs = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('auricle.sign-in')

let access: string | null = null
let renewing: Promise<string | null> | null = null
let onLost: () => void = () => undefined
let onRefused: () => void = () => undefined
let onElsewhere: (signedIn: boolean) => void = () => undefined

// The cookie is one for all tabs: what one of them signs in or out, the others are from then on.
if (tabs)
  tabs.onmessage = ({ data }: MessageEvent<boolean>) => {
    access = null
    onElsewhere(data)
  }

export function accessToken(): string | null {
  return access
}

/** Somebody signed in, moved or signed out here. The other tabs are told. */
export function keep(token: string | null): void {
  hold(token)
  tabs?.postMessage(token !== null) // what storage holds may be known in the other tabs later than this
}

function hold(token: string | null): void {
  access = token
  try {
    if (token === null) localStorage.removeItem(WAS_HERE)
    else localStorage.setItem(WAS_HERE, '1')
  } catch {
    // then the cookie is tried at every start
  }
}

/** Whether this browser may hold a sign-in: asking for one that never was is a request for nothing. */
export function mayBeSignedIn(): boolean {
  try {
    return localStorage.getItem(WAS_HERE) !== null
  } catch {
    return true
  }
}

export function whenLost(tell: () => void): void {
  onLost = tell
}

/** Another tab of this browser signed somebody in, moved or signed out: what this one holds is not theirs. */
export function whenElsewhere(tell: (signedIn: boolean) => void): void {
  onElsewhere = tell
}

/** Something was refused that this page thought allowed: perhaps a role was changed meanwhile. */
export function refusedHere(): void {
  onRefused()
}

export function whenRefused(tell: () => void): void {
  onRefused = tell
}

/** A new access token by the cookie, or null where the sign-in is over. Tabs of one browser take turns. */
export function refreshed(): Promise<string | null> {
  renewing ??= locked(renew).finally(() => {
    renewing = null
  })
  return renewing
}

function locked(work: () => Promise<string | null>): Promise<string | null> {
  return 'locks' in navigator ? navigator.locks.request('auricle.refresh', work) : work()
}

async function renew(): Promise<string | null> {
  const had = access !== null
  let answer: Response
  try {
    answer = await fetch('/api/v1/auth/refresh', { method: 'POST', headers: COOKIE, body: '{}' })
  } catch {
    return null // no network: the sign-in may well be good
  }
  if (answer.ok) {
    access = ((await answer.json()) as { access_token: string }).access_token
    return access
  }
  if (answer.status === 401) {
    hold(null)
    if (had) onLost()
  }
  return null
}

export const cookieWanted = { 'x-refresh-cookie': '1' }
