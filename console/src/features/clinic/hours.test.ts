import { expect, test } from 'vitest'
import { faultOf, lengthOf, nextOpening, openingsOf, weekOf } from './hours'

test('what the API tells comes back to it as it was', () => {
  const openings = [
    { weekday: 0, opens: '09:00:00', closes: '12:30:00' },
    { weekday: 0, opens: '14:00:00', closes: '17:00:00' },
    { weekday: 6, opens: '10:00:00', closes: '11:00:00' },
  ]
  expect(openingsOf(weekOf(openings))).toEqual(
    openings.map((one) => ({ ...one, opens: one.opens.slice(0, 5), closes: one.closes.slice(0, 5) })),
  )
})

test('a day cannot be saved with a time missing, in the wrong order, or over another', () => {
  expect(faultOf([{ opens: '09:00', closes: '' }])).toBe('incomplete')
  expect(faultOf([{ opens: '12:00', closes: '09:00' }])).toBe('order')
  expect(faultOf([{ opens: '13:00', closes: '15:00' }, { opens: '09:00', closes: '13:30' }])).toBe('overlap')
  expect(faultOf([{ opens: '13:00', closes: '15:00' }, { opens: '09:00', closes: '13:00' }])).toBeNull()
})

test('the next hours begin after a pause, and never past midnight', () => {
  expect(nextOpening([])).toEqual({ opens: '09:00', closes: '17:00' })
  expect(nextOpening([{ opens: '09:00', closes: '13:00' }])).toEqual({ opens: '14:00', closes: '17:00' })
  expect(nextOpening([{ opens: '09:00', closes: '21:00' }])).toEqual({ opens: '22:00', closes: '23:00' })
  expect(nextOpening([{ opens: '09:00', closes: '23:30' }])).toEqual({ opens: '', closes: '' })
})

test('half-typed hours count as none', () => {
  expect(lengthOf([{ opens: '09:00', closes: '12:30' }, { opens: '14:00', closes: '' }])).toBe(3.5)
})
