import { expect, test } from 'vitest'
import type { Template } from '@/api/generated/types.gen'
import { compared } from './compare'
import { draftOf, EMPTY_PART, keyOf, templateOf } from './draft'

const TEMPLATE: Template = {
  key: 'tinnitus_clinic',
  name: { en: 'Tinnitus clinic', ta: 'காதிரைச்சல்' },
  specialty: 'audiology',
  instructions: 'Name the ear.',
  parts: [
    { key: 'history', heading: { en: 'History', hi: 'इतिहास' }, section: 'subjective', instructions: '', required: true, kinds: ['symptom'], words: ['ringing'], also: [] },
    { key: 'plan', heading: { en: 'Plan' }, section: 'plan', instructions: '', required: false, kinds: [], words: [], also: [] },
  ],
}

test('a template comes out of the form as it went in, with the languages that the form does not show', () => {
  expect(templateOf(draftOf(TEMPLATE))).toEqual(TEMPLATE)
})

test('a new part gets a key of its heading that no other part has', () => {
  const draft = draftOf(TEMPLATE)
  const parts = templateOf({ ...draft, parts: [...draft.parts, { ...EMPTY_PART, en: 'Plan' }, { ...EMPTY_PART, en: 'इलाज' }] }).parts
  expect(parts.map((one) => one.key)).toEqual(['history', 'plan', 'plan_2', 'part'])
  expect(keyOf('2nd look: ears!', new Set())).toBe('nd_look_ears')
})

test('nothing differs between a version and itself', () => {
  expect(compared(TEMPLATE, structuredClone(TEMPLATE))).toEqual([])
})

test('what a version changes is told by part and field', () => {
  const [history, plan] = TEMPLATE.parts as [Template['parts'][0], Template['parts'][0]]
  const later: Template = {
    ...TEMPLATE,
    name: { ...TEMPLATE.name, hi: 'टिनिटस' },
    parts: [plan, { ...history, required: false }, { ...plan, key: 'safety', heading: { en: 'Safety' } }],
  }
  expect(compared(TEMPLATE, later)).toEqual([
    { part: null, field: 'name', language: 'hi', before: '', after: 'टिनिटस' },
    { part: null, field: 'order', language: null, before: ['history', 'plan'], after: ['plan', 'history'] },
    { part: 'history', field: 'required', language: null, before: true, after: false },
    { part: 'safety', field: 'part', language: null, before: null, after: 'safety' },
  ])
})
