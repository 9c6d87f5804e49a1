// Days of the reader's own calendar as moments of the API, which takes periods without their end.

/** "2026-11-29" → the first moment of that day; of none, undefined. */
export function dayStart(day: string | undefined): string | undefined {
  return day ? moment(day, 0) : undefined
}

/** "2026-11-29" → the first moment of the day after. */
export function dayEnd(day: string | undefined): string | undefined {
  return day ? moment(day, 1) : undefined
}

function moment(day: string, later: number): string | undefined {
  const [year, month, date] = day.split('-').map(Number)
  const at = new Date(year ?? NaN, (month ?? NaN) - 1, (date ?? NaN) + later)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

/** Today as a date field writes it. */
export function today(): string {
  const now = new Date()
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((one) => String(one).padStart(2, '0')).join('-')
}
