// No page has a fault that axe can find, in two languages and two themes; none is wider than a phone.
import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { ADMIN, asked, pageOf, PATIENT, PLATFORM } from './people'

const STAFF_PAGES = ['/', '/account', '/patients', '/appointments', '/consultations', '/notes', '/live', '/knowledge', '/agents', '/members', '/providers', '/phone', '/usage', '/audit']
const PATIENT_PAGES = ['/', '/talk', '/notes', '/consultations', '/appointments']

async function settled(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.locator('h1').first()).toBeVisible()
  await expect(page.locator('[role=status][aria-label]')).toHaveCount(0)
}

async function faults(page: Page, path: string): Promise<string[]> {
  await settled(page, path)
  const { violations } = await new AxeBuilder({ page }).analyze()
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth + 1)
  return [
    ...violations.map((one) => `${path}: ${one.id} ${one.nodes[0]?.target.join(' ')}`),
    ...(wide ? [`${path}: wider than the window`] : []),
  ]
}

for (const locale of ['en-IN', 'hi-IN'])
  for (const colorScheme of ['light', 'dark'] as const)
    test(`no page has a fault: ${locale}, ${colorScheme}`, async ({ browser }) => {
      test.setTimeout(240_000)
      const options = { locale, colorScheme, viewport: { width: 390, height: 844 } }
      const found: string[] = []
      const door = await browser.newContext(options)
      const outside = await door.newPage()
      for (const path of ['/sign-in', '/forgotten', '/register']) {
        await outside.goto(path)
        await expect(outside.locator('h1')).toBeVisible()
        found.push(...(await new AxeBuilder({ page: outside }).analyze()).violations.map((one) => `${path}: ${one.id}`))
      }
      await door.close()
      const admin = await pageOf(browser, ADMIN, options)
      const agents = await asked<{ items: { id: string }[] }>(admin, 'GET', '/api/v1/agents')
      const patients = await asked<{ items: { id: string }[] }>(admin, 'GET', '/api/v1/patients')
      const notes = await asked<{ items: { id: string }[] }>(admin, 'GET', '/api/v1/soap/notes')
      const consultations = await asked<{ items: { id: string }[] }>(admin, 'GET', '/api/v1/consultations')
      const single = [
        ...agents.items.slice(0, 1).map((one) => `/agents/${one.id}`),
        ...patients.items.slice(0, 1).map((one) => `/patients/${one.id}`),
        ...notes.items.slice(0, 1).map((one) => `/notes/${one.id}`),
        ...consultations.items.slice(0, 1).map((one) => `/consultations/${one.id}`),
      ]
      for (const path of [...STAFF_PAGES, ...single]) found.push(...(await faults(admin, path)))
      await admin.context().close()
      const patient = await pageOf(browser, PATIENT, options)
      for (const path of PATIENT_PAGES) found.push(...(await faults(patient, path)))
      await patient.context().close()
      const platform = await pageOf(browser, PLATFORM, options)
      for (const path of ['/', '/organizations']) found.push(...(await faults(platform, path)))
      await platform.context().close()
      expect(found).toEqual([])
    })
