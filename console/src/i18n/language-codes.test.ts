import { expect, test } from 'vitest'
import { SPOKEN } from '@/features/room/languages'
import { namesIn } from './language-codes'

test('every language that can be spoken has a name in both languages of the console', () => {
  for (const { value } of SPOKEN) {
    expect(namesIn('en')(value)).toMatch(/^[A-Z][a-z]+$/)
    expect(namesIn('hi')(value)).toMatch(/^[\u0900-\u097f]+$/)
  }
})

test('what is no code of a language stands as it is', () => {
  expect(namesIn('en')('no code!')).toBe('no code!')
})
