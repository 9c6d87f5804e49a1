import { expect, test } from 'vitest'
import { beginning, findings, languagesOf, moved, withList } from './orders'
import type { Provider } from './provider-panel'

const provider = (name: string, given: Partial<Provider>) => ({ name, is_local: false, languages: {}, ...given }) as Provider
const ears = provider('ears', { capabilities: ['stt'], languages: { stt: ['en'] } })
const main = provider('main', { capabilities: ['llm'] })
const offline = provider('offline', { capabilities: ['stt', 'llm'], is_local: true, languages: { stt: ['en'] } })

test('an entry goes up, down and stays the same list otherwise', () => {
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
})

test('the last entry takes its language with it, and the last language its kind', () => {
  const orders = { stt: { hi: [{ provider: 'ears' }], default: [{ provider: 'offline' }] } }
  const without = withList(orders, 'stt', 'hi', [])
  expect(without).toEqual({ stt: { default: [{ provider: 'offline' }] } })
  expect(withList(without, 'stt', 'default', [])).toEqual({})
  expect(orders.stt.hi).toHaveLength(1)
})

test('any other language is shown last', () => {
  expect(languagesOf({ default: [], ta: [], hi: [] })).toEqual(['hi', 'ta', 'default'])
})

test('a new list begins with what is asked now, else with everybody who can, this machine last', () => {
  const all = [offline, main, ears]
  expect(beginning(all, undefined, 'stt', 'default')).toEqual([{ provider: 'ears' }, { provider: 'offline' }])
  expect(beginning(all, { default: [{ provider: 'offline' }] }, 'stt', 'en')).toEqual([{ provider: 'offline' }])
  expect(beginning(all, undefined, 'stt', 'ta')).toEqual([])
  expect(beginning(all, undefined, 'translation', 'default')).toEqual([{ provider: 'main' }, { provider: 'offline' }])
})

test('what the API refuses is found at its place, and said from what is there where the reason is known', () => {
  const orders = { stt: { ta: [{ provider: 'lost' }, { provider: 'main' }, { provider: 'ears' }, { provider: 'ears' }] } }
  const context = { 'stt.ta.0': 'x', 'stt.ta.1': 'x', 'stt.ta.2': 'The model is gone.', 'stt.ta.3': 'The provider does not list this voice.', 'stt.ta': 'x', 'stt.bn.0': 'x' }
  expect(findings(orders, [ears, main], context)).toEqual({
    'stt.ta.0': { why: 'gone' },
    'stt.ta.1': { why: 'unable' },
    'stt.ta.2': { why: 'told', text: 'The model is gone.' },
    'stt.ta.3': { why: 'voiceUnlisted' },
    'stt.ta': { why: 'language' },
  })
})
