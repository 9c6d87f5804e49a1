import { useRef, useState, type PointerEvent, type RefObject } from 'react'

/** Draws a row of a list to another place, by mouse, pen or finger. While it is drawn, `dragged` says from where to where. */
export function useDrag(list: RefObject<HTMLElement | null>, drop: (from: number, to: number) => void) {
  const [dragged, setDragged] = useState<{ from: number; to: number } | null>(null)
  const last = useRef(dragged)
  const set = (next: typeof dragged) => {
    last.current = next
    setDragged(next)
  }
  const handle = (at: number) => ({
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return
      event.currentTarget.setPointerCapture(event.pointerId)
      set({ from: at, to: at })
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      if (last.current === null) return
      const rows = [...(list.current?.children ?? [])].map((row) => row.getBoundingClientRect())
      const to = rows.findIndex(({ top, bottom }) => event.clientY >= top && event.clientY <= bottom)
      if (to >= 0 && to !== last.current.to) set({ ...last.current, to })
    },
    onPointerUp: () => {
      if (last.current !== null && last.current.from !== last.current.to) drop(last.current.from, last.current.to)
      set(null)
    },
    onPointerCancel: () => set(null),
  })
  return { dragged, handle }
}
