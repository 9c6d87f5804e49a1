// The week as it is edited: for each day from Monday its openings, in the clinic's own time.
import type { OpeningIn, OpeningOut } from '@/api/generated/types.gen'

export interface Opening {
  /** "09:00", or "" while it is being typed. */
  opens: string
  closes: string
}
export type Week = readonly (readonly Opening[])[]

export const DAYS = [0, 1, 2, 3, 4, 5, 6] as const
const FIRST: Opening = { opens: '09:00', closes: '17:00' }
const LATEST = '23:00'

export function weekOf(openings: readonly OpeningOut[]): Week {
  return DAYS.map((day) =>
    openings
      .filter((one) => one.weekday === day)
      .map(({ opens, closes }) => ({ opens: opens.slice(0, 5), closes: closes.slice(0, 5) })),
  )
}

export function openingsOf(week: Week): OpeningIn[] {
  return week.flatMap((openings, weekday) => openings.map((one) => ({ weekday, ...one })))
}

export function sameWeek(one: Week, other: Week): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** What to offer next on a day: usual hours first, then an hour of pause later what is left of the evening. */
export function nextOpening(openings: readonly Opening[]): Opening {
  const last = openings.at(-1)?.closes
  if (!last) return FIRST
  const opens = later(last, 60)
  return opens < LATEST ? { opens, closes: later(opens, 180) } : { opens: '', closes: '' }
}

function later(time: string, minutes: number): string {
  const at = Math.min(minutesOf(time) + minutes, minutesOf(LATEST))
  return `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`
}

/** Minutes since midnight. */
export function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  return hours * 60 + minutes
}

/** What stands against saving a day: a time is missing, ends before it begins, or meets another. */
export function faultOf(openings: readonly Opening[]): 'incomplete' | 'order' | 'overlap' | null {
  if (openings.some((one) => !one.opens || !one.closes)) return 'incomplete'
  if (openings.some((one) => one.closes <= one.opens)) return 'order'
  const sorted = openings.toSorted((one, other) => one.opens.localeCompare(other.opens))
  return sorted.some((one, n) => n > 0 && one.opens < sorted[n - 1]!.closes) ? 'overlap' : null
}

/** Hours a day is open. */
export function lengthOf(openings: readonly Opening[]): number {
  return openings.reduce((sum, one) => sum + Math.max(0, minutesOf(one.closes) - minutesOf(one.opens)), 0) / 60
}
