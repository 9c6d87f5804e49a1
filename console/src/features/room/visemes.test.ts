import { expect, test } from 'vitest'
import { CLOSED, mouthOf, Timeline, towards } from './visemes'

const HZ = 16_000 / 512
const SHAPES = 'sil PP FF TH DD kk CH SS nn RR aa E ih oh ou'.split(' ')

function spectrum(hz: number): Uint8Array {
  const bins = new Uint8Array(256)
  const at = Math.round(hz / HZ)
  for (let n = at - 4; n <= at + 4; n++) bins[n] = 220
  return bins
}

/** The shape that is heard of one that was told for now. */
function shape(name: string) {
  const told = new Timeline()
  told.tell(name, 1_000)
  return told.at(1_000)
}

test('silence closes the mouth', () => expect(mouthOf(new Uint8Array(256), HZ)).toEqual(CLOSED))

test('a low vowel opens it, a hiss spreads it', () => {
  const vowel = mouthOf(spectrum(500), HZ)
  const hiss = mouthOf(spectrum(3_500), HZ)
  expect(vowel.open).toBeGreaterThan(hiss.open)
  expect(hiss.wide).toBeGreaterThan(vowel.wide)
})

test('lips move towards a shape, not onto it', () => {
  const half = { open: 0.5, wide: -0.5, teeth: 0.25, tongue: 0 }
  expect(towards(CLOSED, { open: 1, wide: -1, teeth: 0.5, tongue: 0 }, 0.5)).toEqual(half)
})

test('every shape that the server tells is one of its own', () => {
  const seen = SHAPES.map((name) => JSON.stringify(shape(name)))
  expect(new Set(seen).size).toBe(SHAPES.length)
  expect(shape('PP')!.open).toBeLessThan(0)
  expect(shape('aa')!.open).toBeGreaterThan(shape('ih')!.open)
  expect(shape('ou')!.wide).toBeLessThan(shape('ih')!.wide)
})

test('a shape is shown when its sound is heard, not when it is told', () => {
  const told = new Timeline()
  told.tell('aa', 1_000)
  told.tell('PP', 1_100)
  expect(told.at(900)).toBeNull()
  expect(told.at(1_000)?.open).toBeCloseTo(0.95)
  expect(told.at(1_090)?.open).toBeLessThan(0) // a little before, as lips do
})

test('of shapes that were missed the newest counts', () => {
  const told = new Timeline()
  for (const [n, name] of ['PP', 'aa', 'PP', 'ou'].entries()) told.tell(name, 1_000 + 50 * n)
  expect(told.at(1_200)?.wide).toBe(-1)
})

test('where the voice stops telling, or nobody knows the shape, the sound is looked at', () => {
  const told = new Timeline()
  told.tell('aa', 1_000)
  told.tell('constructor', 1_100)
  expect(told.at(1_300)).not.toBeNull()
  expect(told.at(1_400)).toBeNull()
})

test('what is interrupted moves no mouth, and what waits is bounded', () => {
  const told = new Timeline()
  told.tell('aa', 1_000)
  told.clear()
  expect(told.at(1_000)).toBeNull()
  for (let n = 0; n < 1_000; n++) told.tell('aa', 2_000 + n)
  expect(told.at(2_890)).toBeNull() // only the newest are kept
  expect(told.at(2_990)).not.toBeNull()
})
