import { expect, test } from 'vitest'
import { dayAfter, dayIn, instantOf } from './instants'

test('a wall time of the clinic is its instant, wherever the reader is', () => {
  expect(instantOf('2026-12-01T09:30', 'Asia/Kolkata').toISOString()).toBe('2026-12-01T04:00:00.000Z')
  expect(instantOf('2026-12-01T00:15', 'America/New_York').toISOString()).toBe('2026-12-01T05:15:00.000Z')
  expect(instantOf('2026-07-01T09:00', 'Europe/Berlin').toISOString()).toBe('2026-07-01T07:00:00.000Z')
})

test('around a change of the clock, too', () => {
  expect(instantOf('2026-03-29T01:59', 'Europe/Berlin').toISOString()).toBe('2026-03-29T00:59:00.000Z')
  expect(instantOf('2026-03-29T03:00', 'Europe/Berlin').toISOString()).toBe('2026-03-29T01:00:00.000Z')
  expect(instantOf('2026-10-25T03:00', 'Europe/Berlin').toISOString()).toBe('2026-10-25T02:00:00.000Z')
})

test('a week on is the same day of the week', () => {
  expect(dayAfter('2026-12-28', 7)).toBe('2027-01-04')
  expect(dayAfter('2026-03-01', -7)).toBe('2026-02-22')
})

test('the first day to book is today by the clock of the clinic', () => {
  const at = new Date('2026-11-29T20:30:00Z')
  expect(dayIn('UTC', at)).toBe('2026-11-29')
  expect(dayIn('Asia/Kolkata', at)).toBe('2026-11-30')
  expect(dayIn('America/Los_Angeles', new Date('2026-11-29T03:00:00Z'))).toBe('2026-11-28')
})
