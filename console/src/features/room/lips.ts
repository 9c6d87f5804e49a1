// A mouth as the paths of its lips, its tongue and its upper teeth, on the face's own grid (the mouth is at 100, 122).
import type { Mouth } from './visemes'

const MIDDLE = 100
const LINE = 122
const SEEN = 0.04 // of the opening; less of tongue or teeth is not drawn

export interface Lips {
  outline: string
  tongue: string
  teeth: string
}

export function lips({ open, wide, teeth, tongue }: Mouth): Lips {
  const half = 14 + 4 * wide
  const [upper, lower] = [-1 - 5 * open, 4 + 15 * open]
  const between = (share: number) => upper + (lower - upper) * share
  const isOpen = open > SEEN
  return {
    outline: lens(half, upper, lower),
    tongue: isOpen && tongue > SEEN ? lens(half - 4, between(1 - 0.7 * tongue), between(0.95)) : '',
    teeth: isOpen && teeth > SEEN ? lens(half - 3, between(0.05), between(0.1 + 0.6 * teeth)) : '',
  }
}

/** What lies between two arcs from corner to corner; their heights are of the control points, downwards. */
function lens(half: number, top: number, bottom: number): string {
  const [left, right] = [shown(MIDDLE - half), shown(MIDDLE + half)]
  return `M${left} ${LINE}Q${MIDDLE} ${shown(LINE + top)} ${right} ${LINE}Q${MIDDLE} ${shown(LINE + bottom)} ${left} ${LINE}z`
}

/** To half a unit: less is not seen, and would be painted. */
function shown(value: number): string {
  return (Math.round(value * 2) / 2).toString()
}
