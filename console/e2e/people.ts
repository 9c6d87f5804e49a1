import { expect, type Browser, type Page } from '@playwright/test'

export const PASSWORD = 'hear the sea again'
export const PATIENT = 'asha.rao@sample.clinic'
export const CLINICIAN = 'clinician@sample.clinic'
export const ADMIN = 'admin@sample.clinic'
export const STAFF = 'desk@sample.clinic' // the sample has none: the furniture hires one
export const PLATFORM = 'platform@sample.clinic'

/** A page of somebody who is signed in, in a browser of their own. What its console or its policy objects to fails. */
export async function pageOf(browser: Browser, login: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ permissions: ['microphone'], locale: 'en-IN', ...options })
  const page = await context.newPage()
  page.on('pageerror', (error) => {
    throw error
  })
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) throw new Error(message.text())
  })
  await page.goto('/sign-in')
  await page.locator('input[autocomplete=username]').fill(login)
  await page.locator('input[type=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.locator('#content h1')).toBeVisible()
  return page
}

/** A request of the API as the person of this page, without the page: what has no screen, or to look behind one. */
export async function asked<T>(
  page: Page,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH',
  path: string,
  body?: unknown,
  as: 'data' | 'multipart' = 'data',
): Promise<T> {
  const maxRetries = 1 // a connection that was kept may be closed just as it is used again
  const login = await page.request.post('/api/v1/auth/refresh', { data: {}, headers: { 'x-refresh-cookie': '1' }, maxRetries })
  const { access_token } = (await login.json()) as { access_token: string }
  const answer = await page.request.fetch(path, { method, [as]: body, headers: { authorization: `Bearer ${access_token}` }, maxRetries })
  expect(answer.ok(), `${method} ${path}: ${answer.status()} ${answer.ok() ? '' : await answer.text()}`).toBe(true)
  return (await answer.json()) as T
}

/** Agrees to what is asked, until the room can be begun. */
export async function agree(page: Page): Promise<void> {
  const start = page.getByRole('button', { name: 'Start', exact: true })
  for (const name of ['I agree', 'Record']) {
    const button = page.getByRole('button', { name, exact: true })
    await expect(start.or(button).or(page.getByRole('button', { name: 'Record', exact: true })).first()).toBeVisible()
    if (await button.isVisible()) await button.click()
  }
  await expect(start).toBeVisible()
}
