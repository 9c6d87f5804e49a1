// A long note on paper: where its pages break, whose each page is, and who answers for it.
import { expect, test, type Page } from '@playwright/test'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { drafted } from './furniture'
import { asked, CLINICIAN, pageOf } from './people'

const PYTHON = resolve(import.meta.dirname, '../../.venv/bin/python')
const TOLD = 'Ears were looked at and both were found as they had been told of, without any change that matters. '
const SAID = 'कान में दर्द नहीं है, और सुनना पहले जैसा है। '

interface Part {
  key: string
  section: string
}
interface Note {
  version: number
  parts: Part[]
  statements: { id: string; verdict: string }[]
}

/** Statements that say where they begin and end; the first of each part is long, so that its heading is easily left alone. */
function atLength(parts: Part[]): object[] {
  return parts.flatMap(({ key, section }, p) =>
    Array.from({ length: 12 }, (_, n) => {
      const name = `${p + 1}.${n + 1}`
      return { part: key, section, text: `${name} begins. ${n % 3 === 1 ? SAID.repeat(1 + n) : TOLD.repeat(n === 0 ? 6 : 1 + (n % 4))}${name} ends.` }
    }),
  )
}

const PAPERS = [{ format: 'A4' }, { format: 'A5' }] as const

async function printed(page: Page, name: string): Promise<string[]> {
  await expect(page.locator('[data-paper]')).toContainText('Asha Rao')
  const paths = PAPERS.map(({ format }) => test.info().outputPath(`${name}-${format}.pdf`))
  for (const [n, path] of paths.entries()) await page.pdf({ ...PAPERS[n], path })
  return paths
}

/** The text of each page of each paper. */
function textsOf(paths: string[]): string[][] {
  const read = spawnSync(PYTHON, [join(import.meta.dirname, 'paper.py'), ...paths], { encoding: 'utf8' })
  if (read.status !== 0) throw new Error(`the papers can’t be read: ${read.stderr}`)
  return JSON.parse(read.stdout) as string[][]
}

/** Each page says whose it is and which of how many; no heading is alone at its foot, no statement in two pieces. */
function expectWhole(pages: string[]): void {
  expect(pages.length).toBeGreaterThan(1)
  for (const [n, text] of pages.entries()) {
    expect(text).toContain(`${n + 1} / ${pages.length} Sample Hearing Clinic Asha Rao, `)
    expect(text, 'a second thing to know the patient by').toContain('SC-1001 · SOAP ')
    expect(named(text, 'begins'), text).toEqual(named(text, 'ends'))
    expect(named(text, 'ends'), 'a signature is not alone on its page').not.toEqual([])
    if (n < pages.length - 1) expect(text).toMatch(/ ends\.$/)
  }
}

function named(text: string, word: string): string[] {
  return [...text.matchAll(new RegExp(`(\\d+[.]\\d+) ${word}[.]`, 'g'))].map(([, name]) => name ?? '')
}

test('a long note breaks between its statements, says on each page whose it is, and who signed it at the end', async ({ browser }) => {
  const { note: id } = await drafted(browser)
  const page = await pageOf(browser, CLINICIAN)
  const path = `/api/v1/soap/notes/${id}`
  const { version, parts } = await asked<Note>(page, 'GET', path)
  const long = await asked<Note>(page, 'PUT', path, { version, statements: atLength(parts) })
  await page.goto(`/notes/${id}`)
  await expect(page.getByText('1.1 ends.').first()).toBeVisible()
  const draft = await printed(page, 'draft')

  await asked(page, 'POST', '/api/v1/soap/approve', { note_id: id, version: long.version, seen: long.statements.map((one) => one.id) })
  const addendum = { part: parts[0]?.key, section: parts[0]?.section, text: 'Called back. 9.1 begins. It is better. 9.1 ends.' }
  await asked(page, 'POST', `${path}/addenda`, { version: long.version + 1, statements: [addendum] })
  await page.reload()
  await expect(page.getByText('Called back.').first()).toBeVisible()
  const signed = await printed(page, 'signed')
  await page.locator('header select').selectOption('hi')
  await expect(page.getByRole('heading', { level: 1, name: 'SOAP नोट' })).toBeVisible()
  const hindi = await printed(page, 'hindi')

  const papers = textsOf([...draft, ...signed, ...hindi])
  papers.forEach(expectWhole)
  papers.slice(0, draft.length).flat().forEach((text) => expect(text).toContain('Draft, not signed'))
  papers.slice(draft.length).forEach((pages) => expect(pages.at(-1)).toMatch(/Meera Iyer$/))
  await page.context().close()
})
