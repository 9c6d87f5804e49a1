import { expect, test } from 'vitest'
import { wrongOf } from './wrong'

test('a refusal names the fields of the request that are wrong, and how', () => {
  const context = { 'body.email': 'value_error', 'body.admin.given_name': 'string_too_long', 'body.slug': 'missing', 'query.limit': 'less_than_equal' }
  expect(wrongOf({ code: 'validation.invalid', context })).toEqual({ email: 'bad', 'admin.given_name': 'long', slug: 'missing' })
})

test('no other refusal names fields', () => {
  expect(wrongOf({ code: 'note.stale_version', context: { 'body.email': 'value_error' } })).toEqual({})
})
