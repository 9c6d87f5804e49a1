// Wall times of a clinic and the instants they are.

/** The instant at which the clock in `zone` shows `local` ("2026-12-01T09:30"). A time that a change of the clock skips is the hour after it. */
export function instantOf(local: string, zone: string): Date {
  const shown = Date.parse(`${local}Z`)
  const first = shown - aheadOf(shown, zone)
  return new Date(shown - aheadOf(first, zone)) // the zone may have changed its clock between the guess and the instant
}

/** By how much the clock in `zone` is ahead of UTC then, in milliseconds. */
function aheadOf(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const of = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) - at
}

/** A day some days on, as the API writes days. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10)
}

/** What day it is in `zone`, as the API writes days. */
export function dayIn(zone: string, at = new Date()): string {
  return new Intl.DateTimeFormat('sv', { timeZone: zone }).format(at)
}
