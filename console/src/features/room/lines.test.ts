import { expect, test } from 'vitest'
import { NO_LINES, told, type Said } from './lines'

const after = (...said: Said[]) => said.reduce(told, NO_LINES).all

test('interim words of a patient replace one another until they are final', () => {
  const lines = after(
    { type: 'transcript', text: 'my left', is_final: false },
    { type: 'transcript', text: 'my left ear', is_final: false },
    { type: 'transcript', text: 'my left ear rings', is_final: true },
    { type: 'transcript', text: 'and', is_final: false },
  )
  expect(lines.map((one) => [one.text, one.open])).toEqual([
    ['my left ear rings', false],
    ['and', true],
  ])
})

test("an answer's sentences are joined, and its final text stands for all of them", () => {
  const lines = after(
    { type: 'ai_response', text: 'Please sit. ', is_final: false },
    { type: 'ai_response', text: 'Since when?', is_final: false },
    { type: 'ai_response', text: 'Please sit. Since when?', is_final: true },
  )
  expect(lines.map((one) => one.text)).toEqual(['Please sit. Since when?'])
})

test('an interrupted answer is closed as it stands, and the next one is another line', () => {
  const lines = after(
    { type: 'ai_response', text: 'The clinic', is_final: false },
    { type: 'interrupted' },
    { type: 'ai_response', text: 'Yes?', is_final: true },
  )
  expect(lines.map((one) => [one.text, one.interrupted])).toEqual([
    ['The clinic', true],
    ['Yes?', false],
  ])
})

const RECORD = [
  { sender: 'patient', text: 'hello' },
  { sender: 'assistant', text: 'The clinic is open until six.' },
  { sender: 'clinician', text: 'I take over.' },
]

test('what was said in earlier sessions comes from the record, before the lines of this one', () => {
  const lines = [
    { type: 'begun', carried: 0 } as const,
    { type: 'ai_response', text: 'Go on.', is_final: true } as const,
    { type: 'record', messages: RECORD } as const,
  ].reduce(told, NO_LINES)
  expect(lines.before.map((one) => [one.who, one.text])).toEqual(RECORD.map((one) => [one.sender, one.text]))
  expect(lines.all.map((one) => one.text)).toEqual(['Go on.'])
  expect(new Set([...lines.before, ...lines.all].map((one) => one.key)).size).toBe(4)
})

test('when a new session begins, what is shown stays, as said before, until the record takes its place', () => {
  const before = [
    { type: 'transcript', text: 'my left ear', is_final: true } as const,
    { type: 'ai_response', text: 'Since', is_final: false } as const,
    { type: 'typed', text: 'since Monday' } as const, // without a connection: it goes into the new session
    { type: 'begun', carried: 1 } as const,
  ].reduce(told, NO_LINES)
  expect(before.before.map((one) => [one.text, one.open])).toEqual([
    ['my left ear', false],
    ['Since', false],
  ])
  expect(before.all.map((one) => one.text)).toEqual(['since Monday'])
  const after = told(before, { type: 'record', messages: RECORD.slice(0, 1) })
  expect([...after.before, ...after.all].map((one) => one.text)).toEqual(['hello', 'since Monday'])
})

test('an answer of a new session is a line of its own', () => {
  const lines = [
    { type: 'ai_response', text: 'Since', is_final: false } as const,
    { type: 'begun', carried: 0 } as const,
    { type: 'ai_response', text: 'Hello.', is_final: false } as const,
  ].reduce(told, NO_LINES)
  expect(lines.all.map((one) => one.text)).toEqual(['Hello.'])
})
