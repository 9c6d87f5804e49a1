// What was typed and not saved yet, wherever it is, so that leaving it can be asked about once (shell/leave.tsx).
import { useEffect } from 'react'

/** A form on the page goes with the page or its tab; one in a dialog goes also with the browser's way back. */
type Where = 'page' | 'dialog'

interface Address {
  pathname: string
  search: object
}
interface Going {
  current: Address
  next: Address
  action: string
}

/** What in an address, besides its path, decides which forms are there. Filters and the like don't. */
const DECIDES = ['tab', 'who'] as const

const held = new Map<object, Where>()

/** While `typed`, going elsewhere is asked about first. Code that goes on by itself after saving says `ignoreBlocker`. */
export function useUnsaved(typed: boolean, where: Where = 'page'): void {
  useEffect(() => {
    if (!typed) return
    const one = {}
    held.set(one, where)
    return () => void held.delete(one)
  }, [typed, where])
}

export function isUnsaved(): boolean {
  return held.size > 0
}

/** Whether this way would lose something that is held now. */
export function wouldLose(going: Going): boolean {
  return [...held.values()].some((where) => isLost(where, going))
}

export function isLost(where: Where, { current, next, action }: Going): boolean {
  // Nothing behind a dialog can be pressed; where the page goes of itself, the dialog is done.
  if (where === 'dialog') return action !== 'PUSH' && action !== 'REPLACE'
  return current.pathname !== next.pathname || DECIDES.some((name) => valueOf(current, name) !== valueOf(next, name))
}

function valueOf({ search }: Address, name: string): unknown {
  return (search as Record<string, unknown>)[name]
}
