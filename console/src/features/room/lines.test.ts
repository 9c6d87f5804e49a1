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

test('what comes from the record is added line by line', () => {
  const lines = after(
    { type: 'begun' },
    { type: 'transcript', text: 'hello', is_final: true, stored: true },
    { type: 'ai_response', text: 'Hello.', is_final: true, stored: true },
  )
  expect(lines.map((one) => one.who)).toEqual(['patient', 'assistant'])
})
