// The pictures of docs/pictures, made anew by `make pictures`: every page, on a desk and on a phone.
import { expect, test, type Browser, type Page } from '@playwright/test'
import { resolve } from 'node:path'
import { furnished } from './furniture'
import { pagesOf } from './pages'
import { pageOf, PATIENT } from './people'

test.skip(!process.env.AURICLE_PICTURES, 'only when pictures are wanted')

const FOLDER = resolve(import.meta.dirname, '../../docs/pictures')
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const
type Size = keyof typeof SIZES

async function take(page: Page, name: string, size: Size): Promise<void> {
  await expect(page.locator('[role=status][aria-label]')).toHaveCount(0)
  await page.waitForTimeout(600)
  await page.screenshot({ path: resolve(FOLDER, `${name}-${size}.png`) })
}

async function pages(browser: Browser, size: Size, login: string, all: Record<string, string>, options = {}): Promise<void> {
  const page = await pageOf(browser, login, { viewport: SIZES[size], ...options })
  for (const [name, path] of Object.entries(all)) {
    await page.goto(path)
    await expect(page.locator('h1').first()).toBeVisible()
    if (name === 'note-review') await page.locator('[data-statement]', { hasText: 'metformin' }).first().focus()
    await take(page, name, size)
  }
  await page.context().close()
}

test('pictures of every page', async ({ browser }) => {
  test.setTimeout(600_000)
  const has = await furnished(browser)
  for (const size of ['desk', 'phone'] as const) {
    const door = await (await browser.newContext({ viewport: SIZES[size], locale: 'en-IN' })).newPage()
    await door.goto('/sign-in')
    await take(door, 'sign-in', size)
    await door.context().close()
    for (const [login, all] of Object.entries(pagesOf(has))) await pages(browser, size, login, all)
    await pages(browser, size, PATIENT, { 'home-patient-hindi-dark': '/' }, { locale: 'hi-IN', colorScheme: 'dark' })
    const talker = await pageOf(browser, PATIENT, { viewport: SIZES[size] })
    await talker.goto('/talk')
    await talker.getByRole('button', { name: 'Start', exact: true }).click()
    await talker.getByRole('button', { name: 'Speak' }).click()
    await expect(talker.getByRole('log')).toContainText('not a person')
    await take(talker, 'room', size)
    await talker.context().close()
  }
})
