import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { FLAGS } from './red-flags'

test('the red flags that have words here are those that the safety rules know', () => {
  const rules = readFileSync(resolve(import.meta.dirname, '../../../../auricle/safety/phrases/en.yaml'), 'utf8')
  const categories = rules.slice(rules.indexOf('categories:'), rules.indexOf('\nrules:'))
  const known = [...categories.matchAll(/^ {2}([a-z_]+):$/gm)].map(([, name]) => name)
  expect([...FLAGS]).toEqual(known.sort())
})
