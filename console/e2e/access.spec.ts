// No page, tab or dialog has a fault that axe can find, in two languages and two themes; none is wider than a phone.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Browser, type Page } from '@playwright/test'
import { DOORS, furnished, pagesOf, type Furniture } from './pages'
import { pageOf } from './people'

const TABS = 12
const DIALOGS = 8 // of one page or tab

let has: Furniture
test.beforeAll(async ({ browser }) => {
  has = await furnished(browser)
})

for (const locale of ['en-IN', 'hi-IN'])
  test(`no page has a fault in light or dark: ${locale}`, async ({ browser }) => {
    test.setTimeout(900_000)
    const options = { locale, viewport: { width: 390, height: 844 }, colorScheme: 'light', reducedMotion: 'reduce' } as const
    const found = await faultsAtTheDoor(browser, options)
    for (const [login, pages] of Object.entries(pagesOf(has))) {
      const page = await pageOf(browser, login, options)
      for (const path of Object.values(pages)) found.push(...(await faultsOfPage(page, path)))
      await page.context().close()
    }
    expect(found).toEqual([])
  })

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
  const tabs = Math.min(await page.getByRole('tab').count(), TABS)
  const found: string[] = []
  for (let tab = 0; tab < Math.max(tabs, 1); tab++) {
    if (tab > 0) await page.getByRole('tab').nth(tab).click()
    await settled(page)
    const name = tab > 0 ? `${path} tab ${tab + 1}` : path
    found.push(...(await faults(page, name)), ...(await faultsOfDialogs(page, name)))
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

/** By every rule in the light; what the dark changes is colours, so there by the rule of contrast. */
async function faults(page: Page, name: string, within?: string): Promise<string[]> {
  const axe = () => (within ? new AxeBuilder({ page }).include(within) : new AxeBuilder({ page }))
  const light = await axe().analyze()
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1)
  await page.evaluate(() => document.documentElement.classList.add('dark'))
  const dark = await axe().withRules(['color-contrast']).analyze()
  await page.evaluate(() => document.documentElement.classList.remove('dark'))
  return [
    ...light.violations.map((one) => `${name}: ${one.id} ${one.nodes[0]?.target.join(' ')}`),
    ...dark.violations.map((one) => `${name}, dark: ${one.id} ${one.nodes[0]?.target.join(' ')}`),
    ...(wide ? [`${name}: wider than the window`] : []),
  ]
}
