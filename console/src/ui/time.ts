// Dates and times in the reader's language, with the zone said once a page.
import { useLanguage } from '@/i18n'

const LOCALES = { en: 'en-IN', hi: 'hi-IN' } as const

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

/** `zone`: whose clock; the reader's own where none is named. */
export function useTime(zone?: string) {
  const locale = LOCALES[useLanguage()]
  const of = (options: Intl.DateTimeFormatOptions) => (at: string | Date) =>
    new Intl.DateTimeFormat(locale, { timeZone: zone, ...options, ...(isDay(at) ? { timeZone: 'UTC' } : {}) }).format(new Date(at))
  return {
    date: of({ dateStyle: 'medium' }),
    time: of({ timeStyle: 'short' }),
    month: of({ month: 'long', year: 'numeric' }),
    moment: of({ dateStyle: 'medium', timeStyle: 'short' }),
    day: of({ weekday: 'short', day: 'numeric', month: 'short' }),
    /** 0 is Monday. */
    weekday: (number: number) => of({ weekday: 'long', timeZone: 'UTC' })(new Date(Date.UTC(2024, 0, 1 + number))),
    number: (value: number, options?: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options).format(value),
    ago: (at: string | Date, now = Date.now()) => {
      const seconds = (new Date(at).getTime() - now) / 1000
      const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
      for (const [unit, size] of [['day', 86_400], ['hour', 3_600], ['minute', 60]] as const)
        if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit)
      return relative.format(Math.round(seconds), 'second')
    },
  }
}

/** A day without a time is that day wherever it is read, and not the evening before west of Greenwich. */
function isDay(at: string | Date): boolean {
  return typeof at === 'string' && /^\d{4}-\d\d-\d\d$/.test(at)
}

/** 75.4 → "1:15" */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
