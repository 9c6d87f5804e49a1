// No page, tab or dialog has a fault that axe can find, in two languages and two themes; none is wider than a phone.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { furnished, type Furniture } from './furniture'
import { DOORS, pagesOf } from './pages'
import { ADMIN, CLINICIAN, PATIENT, pageOf, PLATFORM, STAFF } from './people'

const TABS = 12
const DIALOGS = 8 // of one page or tab
const SHORT = Boolean(process.env.AURICLE_E2E_SHORT) // without the dialogs, and in Hindi each page's first tab only

test.describe.configure({ mode: 'parallel', timeout: 600_000 })

const OPTIONS = { viewport: { width: 390, height: 844 }, colorScheme: 'light', reducedMotion: 'reduce' } as const

let has: Furniture
test.beforeAll(async ({ browser }) => {
  has = await furnished(browser)
})

for (const locale of ['en-IN', 'hi-IN']) {
  test(`no door has a fault: ${locale}`, async ({ browser }) => {
    expect(await faultsAtTheDoor(browser, { ...OPTIONS, locale })).toEqual([])
  })
  for (const login of [ADMIN, CLINICIAN, PATIENT, PLATFORM, STAFF])
    test(`no page of ${login} has a fault in light or dark: ${locale}`, async ({ browser }) => {
      const page = await pageOf(browser, login, { ...OPTIONS, locale })
      const found: string[] = []
      for (const path of Object.values(pagesOf(has)[login] ?? {})) found.push(...(await faultsOfPage(page, path)))
      await page.context().close()
      expect(found).toEqual([])
    })
}

async function faultsAtTheDoor(browser: Browser, options: object): Promise<string[]> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const found: string[] = []
  for (const path of DOORS) {
    await page.goto(path)
    await settled(page)
    found.push(...(await faults(page, path)))
  }
  await context.close()
  return found
}

async function faultsOfPage(page: Page, path: string): Promise<string[]> {
  await page.goto(path)
  await settled(page)
  const english = (await page.locator('html').getAttribute('lang')) === 'en'
  const tabs = SHORT && !english ? 1 : Math.min(await page.getByRole('tab').count(), TABS)
  const found: string[] = []
  for (let tab = 0; tab < Math.max(tabs, 1); tab++) {
    if (tab > 0) await page.getByRole('tab').nth(tab).click()
    await settled(page)
    const name = tab > 0 ? `${path} tab ${tab + 1}` : path
    found.push(...(await faults(page, name)))
    if (!SHORT) found.push(...(await faultsOfDialogs(page, name)))
  }
  return found
}

/** Opens what can be opened, one after the other. A dialog is held against axe alone: what lies behind it was looked at before. */
async function faultsOfDialogs(page: Page, name: string): Promise<string[]> {
  const openers = page.locator('#content button[aria-haspopup=dialog]:visible:enabled')
  const found: string[] = []
  for (let n = 0, all = Math.min(await openers.count(), DIALOGS); n < all; n++) {
    await openers.nth(n).click()
    await expect(page.locator('dialog[open]')).toBeVisible()
    await settled(page)
    found.push(...(await faults(page, `${name} dialog ${n + 1}`, 'dialog[open]')))
    await page.keyboard.press('Escape')
    await expect(page.locator('dialog[open]')).toHaveCount(0)
  }
  return found
}

async function settled(page: Page): Promise<void> {
  await expect(page.locator('h1').first()).toBeVisible()
  await expect(page.locator('[role=status][aria-label]')).toHaveCount(0)
}

/** By every rule in the light. What the dark changes is colours, and no language changes those: there by the rule of contrast, once. */
async function faults(page: Page, name: string, within?: string): Promise<string[]> {
  const axe = () => (within ? new AxeBuilder({ page }).include(within) : new AxeBuilder({ page }))
  const told = ({ violations }: Awaited<ReturnType<AxeBuilder['analyze']>>, where: string) =>
    violations.map((one) => `${where}: ${one.id} ${one.nodes[0]?.target.join(' ')}`)
  const found = told(await axe().analyze(), name)
  const { wide, language } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth > window.innerWidth + 1,
    language: document.documentElement.lang,
  }))
  if (wide) found.push(`${name}: wider than the window`)
  if (language !== 'en') return found
  await page.evaluate(() => document.documentElement.classList.add('dark'))
  found.push(...told(await axe().withRules(['color-contrast']).analyze(), `${name}, dark`))
  await page.evaluate(() => document.documentElement.classList.remove('dark'))
  return found
}
