import { expect, test } from 'vitest'
import { fieldsOf, rowsOf, schemaOf, valueOf } from './arguments'

const SCHEMA = {
  properties: { test: { type: 'string', maxLength: 80, description: 'Which one' }, days: { type: 'integer' } },
  required: ['test'],
}

test('a plain schema becomes rows and the same schema again', () => {
  const rows = rowsOf(SCHEMA)
  expect(rows).toEqual([
    { name: 'test', kind: 'string', meaning: 'Which one', required: true },
    { name: 'days', kind: 'integer', meaning: '', required: false },
  ])
  expect(schemaOf(rows ?? [], SCHEMA)).toEqual(SCHEMA)
})

test('a schema that says more than rows can is left as it is', () => {
  expect(rowsOf({ properties: { kind: { type: 'string', enum: ['a', 'b'] } } })).toBeNull()
  expect(rowsOf({ properties: { list: { type: 'array' } } })).toBeNull()
  expect(rowsOf({ anyOf: [] })).toBeNull()
})

test('a richer schema can be filled in where its arguments are of plain kinds', () => {
  const asked = { title: 'order', properties: { count: { type: 'integer', title: 'Count', default: 1 } } }
  expect(fieldsOf(asked)).toEqual([{ name: 'count', kind: 'integer', meaning: '', required: false }])
  expect(fieldsOf({ properties: { all: { type: 'array' } } })).toBeNull()
})

test('a row without a name is no argument, and a text is never without an end', () => {
  const rows = [
    { name: ' ', kind: 'string', meaning: '', required: true },
    { name: 'city', kind: 'string', meaning: '', required: false },
  ] as const
  expect(schemaOf(rows)).toEqual({ properties: { city: { type: 'string', maxLength: 200 } } })
  expect(schemaOf([])).toEqual({})
})

test('what is typed becomes a value of its kind', () => {
  expect(valueOf('integer', '3')).toBe(3)
  expect(valueOf('boolean', 'false')).toBe(false)
  expect(valueOf('string', '')).toBeUndefined()
})
