import { expect, test } from 'vitest'
import { followed, touched } from './touched'

const ended = { kind: 'consultation.ended', subject: { consultation_id: 'c1', patient_id: 'p1' } }
const listed = [{ _id: 'listConsultations', query: { state: 'active' } }]
const one = (id: string) => [{ _id: 'getConsultation', path: { consultation_id: id } }]

test('an event makes the lists of its kind old, and of single things only the one it names', () => {
  expect(touched(listed, [ended])).toBe(true)
  expect(touched(['consultations', 'active'], [ended])).toBe(true)
  expect(touched(one('c1'), [ended])).toBe(true)
  expect(touched(one('c2'), [ended])).toBe(false)
  expect(touched([{ _id: 'listNotes' }], [ended])).toBe(false)
})

test('what was said touches the transcript alone, and a call for a person the alerts too', () => {
  const said = { kind: 'consultation.message', subject: { consultation_id: 'c1' } }
  expect(touched(listed, [said])).toBe(false)
  expect(touched([{ _id: 'getTranscript', path: { consultation_id: 'c1' } }], [said])).toBe(true)
  expect(touched([{ _id: 'listAlerts' }], [{ kind: 'consultation.hand_over', subject: {} }])).toBe(true)
})

test('where events were missed everything that follows is old, and nothing else', () => {
  expect(touched(one('c2'), [null])).toBe(true)
  expect(touched([{ _id: 'listAuditEntries' }], [null])).toBe(false)
  expect(followed(['audit', {}])).toBe(false)
})

test('a kind that nobody knows yet touches nothing', () => {
  expect(touched(listed, [{ kind: 'weather.changed', subject: {} }])).toBe(false)
})
