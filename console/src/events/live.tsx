// The page follows what happens: one stream a tab, shared by all pages, closed while nobody looks.
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { authorizedFetch } from '@/api/client'
import { useMe, useSession } from '@/session/session'
import { follow, type Told } from './stream'
import { touched } from './touched'
import { useEventWords } from './words'

const GATHER_MS = 500 // a burst of events asks once
const LOOK_AGAIN_MS = 60_000
const MOST_GATHERED = 500
const NOTE_AFTER_MS = 5_000 // a hiccup is not worth a word

type State = 'off' | 'here' | 'away' | 'long away'
let state: State = 'off'
const watchers = new Set<() => void>()

function set(next: State): void {
  if (next === state) return
  state = next
  for (const tell of watchers) tell()
}

function useStream(): State {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell)
      return () => watchers.delete(tell)
    },
    () => state,
  )
}

/** For `refetchInterval`: lists that follow the events are only asked for anew, and seldom, where there are none. */
export function useLookAgain(ms = LOOK_AGAIN_MS): number | false {
  return useStream() === 'here' ? false : ms
}

/** Follows for as long as it is shown; says so, quietly, while it can't. */
export function LiveEvents() {
  const say = useEventWords()
  useFollowing()
  const away = useStream() === 'long away'
  return (
    <p role="status" className={away ? 'no-print bg-sunken px-4 py-1 text-center text-xs text-soft' : 'sr-only'}>
      {away && say('away')}
    </p>
  )
}

function useFollowing(): void {
  const cache = useQueryClient()
  const { may, reread } = useSession()
  const { member_id: mine, organization_id: organization } = useMe()
  const wanted = may('events:read') && organization !== null
  useEffect(() => {
    if (!wanted) return
    const place = { after: null as string | null }
    let gathered: (Told | null)[] = []
    let flushing: number | undefined
    let noting: number | undefined
    let stop: (() => void) | undefined

    const flush = () => {
      const events = gathered
      gathered = []
      flushing = undefined
      void cache.invalidateQueries({ predicate: ({ queryKey }) => touched(queryKey, events) })
      if (events.some((one) => one !== null && concerns(one, mine))) void reread().catch(() => undefined)
    }
    const tell = (event: Told | null) => {
      if (gathered.length < MOST_GATHERED) gathered.push(event)
      else gathered[0] = null
      flushing ??= window.setTimeout(flush, GATHER_MS)
    }
    const say = (here: boolean) => {
      if (here) {
        window.clearTimeout(noting)
        set('here')
      } else if (state === 'here' || state === 'off') {
        set('away') // each try that fails comes here again: the time counts from the first
        noting = window.setTimeout(() => set('long away'), NOTE_AFTER_MS)
      }
    }
    const open = (after: string | null, signal: AbortSignal) =>
      authorizedFetch(new URL('/api/v1/events', window.location.href), {
        signal,
        headers: { accept: 'text/event-stream', ...(after === null ? {} : { 'last-event-id': after }) },
      })
    const look = () => {
      stop?.()
      window.clearTimeout(noting)
      if (state === 'away') set('off')
      stop = document.visibilityState === 'visible' ? follow({ open, tell, state: say, place }) : undefined
    }
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      stop?.()
      window.clearTimeout(noting)
      window.clearTimeout(flushing)
      set('off')
    }
  }, [wanted, organization, mine, cache, reread])
}

/** What this member may do has perhaps changed. */
function concerns({ kind, subject }: Told, member: string | null): boolean {
  return kind === 'role.changed' || (kind === 'member.changed' && subject.member_id === member)
}
