import { expect, test } from 'vitest'
import { rowsOf } from './pages'

const pages = (count: number) => async (cursor: string | undefined) => {
  const at = Number(cursor ?? 0)
  return { data: { items: [at], next: at + 1 < count ? String(at + 1) : null } }
}

test('a list is read to its end', async () => {
  expect(await rowsOf(pages(3))).toEqual([0, 1, 2])
})

test('a list without end is read so far and no further', async () => {
  expect(await rowsOf(pages(Infinity))).toHaveLength(10)
})
