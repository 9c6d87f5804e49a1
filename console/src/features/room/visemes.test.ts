import { expect, test } from 'vitest'
import { CLOSED, mouthOf, towards } from './visemes'

const HZ = 16_000 / 512

function spectrum(hz: number): Uint8Array {
  const bins = new Uint8Array(256)
  const at = Math.round(hz / HZ)
  for (let n = at - 4; n <= at + 4; n++) bins[n] = 220
  return bins
}

test('silence closes the mouth', () => expect(mouthOf(new Uint8Array(256), HZ)).toEqual(CLOSED))

test('a low vowel opens it, a hiss spreads it', () => {
  const vowel = mouthOf(spectrum(500), HZ)
  const hiss = mouthOf(spectrum(3_500), HZ)
  expect(vowel.open).toBeGreaterThan(hiss.open)
  expect(hiss.wide).toBeGreaterThan(vowel.wide)
})

test('lips move towards a shape, not onto it', () =>
  expect(towards(CLOSED, { open: 1, wide: -1 }, 0.5)).toEqual({ open: 0.5, wide: -0.5 }))
