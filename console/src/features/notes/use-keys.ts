import { useEffect, useRef } from 'react'
import type { NoteOut, StatementOut } from '@/api/generated/types.gen'
import { isOpen } from './verdicts'

interface Keys {
  note: NoteOut
  active: StatementOut | undefined
  onActive: (id: string) => void
  onEdit: (one: StatementOut) => void
  onAccept: (one: StatementOut) => void
  onPlay: (one: StatementOut) => void
}

/** One-letter keys of the review. They rest while something is typed or another key is held. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest('input, textarea, select, dialog')) return
      const { note, active, onActive, onEdit, onAccept, onPlay } = latest.current
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
