import { expect, test } from 'vitest'
import { kindOf, turned } from './sort'

test('a head that is clicked again sorts the other way', () => {
  expect(turned('name', 'created_at', 'name', true)).toBe('-name')
  expect(turned('-name', 'created_at', 'name', true)).toBe('name')
})

test('a head that was not clicked before sorts from the first on', () => {
  expect(turned<'name' | 'created_at'>('-created_at', '-created_at', 'name', true)).toBe('name')
})

test('an order that no head shows comes back with the third click', () => {
  const clicks = ['-created_at'] as ('name' | '-name' | 'created_at' | '-created_at')[]
  for (let n = 0; n < 3; n++) clicks.push(turned<'name' | 'created_at'>(clicks.at(-1)!, '-created_at', 'name', false))
  expect(clicks).toEqual(['-created_at', 'name', '-name', '-created_at'])
})

test('what is first of a field is said by what it holds', () => {
  expect(['at', 'last_used_at', 'since', 'cost_usd', 'name', 'format'].map(kindOf)).toEqual(['time', 'time', 'time', 'number', 'text', 'text'])
})
