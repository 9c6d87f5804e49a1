import { useEffect, useRef, useState } from 'react'
import type { NoteOut, StatementOut } from '@/api/generated/types.gen'
import { isOpen } from './verdicts'

const KEPT = 'auricle.review-keys'
const TYPED_IN = 'input:not([type=checkbox], [type=radio]), textarea, select, dialog'

interface Keys {
  wanted: boolean
  note: NoteOut
  active: StatementOut | undefined
  onActive: (id: string) => void
  onEdit: (one: StatementOut) => void
  onAccept: (one: StatementOut) => void
  onPlay: (one: StatementOut) => void
}

/** Whether the one-letter keys are on, kept in this browser. Who speaks to the computer sets them off by every word. */
export function useKeysWanted(): [boolean, (wanted: boolean) => void] {
  const [wanted, setWanted] = useState(() => {
    try {
      return localStorage.getItem(KEPT) !== 'off'
    } catch {
      return true
    }
  })
  const want = (next: boolean) => {
    try {
      localStorage.setItem(KEPT, next ? 'on' : 'off')
    } catch {
      // then for this page only
    }
    setWanted(next)
  }
  return [wanted, want]
}

/** One-letter keys of the review. They rest while something is typed or another key is held, and where they are not wanted. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest(TYPED_IN)) return
      const { wanted, note, active, onActive, onEdit, onAccept, onPlay } = latest.current
      if (!wanted) return
      const key = event.key.toLowerCase()
      if (key === 'n') {
        const next = nextOpen(note, active?.id)
        if (next) onActive(next)
      } else if (active && key === 'p') onPlay(active)
      else if (active && note.status === 'draft' && key === 'a') onAccept(active)
      else if (active && note.status === 'draft' && key === 'e') onEdit(active)
      else return
      event.preventDefault()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [])
}

/** The next statement with an open objection after this one, around the end; the next of all where there is none. */
export function nextOpen(note: NoteOut, after: string | undefined): string | undefined {
  const at = note.statements.findIndex((one) => one.id === after)
  const around = [...note.statements.slice(at + 1), ...note.statements.slice(0, at + 1)]
  return (around.find(isOpen) ?? around.find((one) => one.seen_by === null) ?? around[0])?.id
}
