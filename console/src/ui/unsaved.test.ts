import { expect, test } from 'vitest'
import { isLost } from './unsaved'

const at = (pathname: string, search: object = {}) => ({ pathname, search })

test('what is typed on a page is lost with the page, and with its tab', () => {
  const current = at('/agents/1', { tab: 'form' })
  expect(isLost('page', { current, next: at('/agents'), action: 'PUSH' })).toBe(true)
  expect(isLost('page', { current, next: at('/agents/1', { tab: 'yaml' }), action: 'PUSH' })).toBe(true)
  expect(isLost('page', { current, next: at('/agents/2', { tab: 'form' }), action: 'BACK' })).toBe(true)
})

test('what is typed on a page outlives a filter and what is shown beside it', () => {
  const current = at('/consultations/1')
  expect(isLost('page', { current, next: at('/consultations/1', { replay: '7' }), action: 'PUSH' })).toBe(false)
})

test('what is typed in a dialog is lost by the way back, and given up by the dialog itself alone', () => {
  const going = { current: at('/phone', { line: 'new' }), next: at('/phone') }
  expect(isLost('dialog', { ...going, action: 'BACK' })).toBe(true)
  expect(isLost('dialog', { ...going, action: 'PUSH' })).toBe(false)
  expect(isLost('dialog', { ...going, action: 'REPLACE' })).toBe(false)
})
