import { expect, test } from 'vitest'
import { bodyOf, given } from './given'

const HEADER = { name: ' Authorization ', value: 'secret' }

test('headers that are kept stay unless others are written or they are dropped', () => {
  expect(bodyOf(given(), {}, [], false).headers).toBeNull()
  expect(bodyOf(given(), {}, [], true).headers).toEqual({})
  expect(bodyOf(given(), {}, [HEADER], false).headers).toEqual({ Authorization: 'secret' })
  expect(bodyOf(given(), {}, [HEADER], true).headers).toEqual({ Authorization: 'secret' })
})
