// The room and the review with the keyboard alone: no mouse, and no focus set by the test. What has the focus shows it.
import { expect, test, type Browser, type Page } from '@playwright/test'
import { CLINICIAN, PASSWORD, PATIENT } from './people'
import { furnished } from './furniture'

const TABS = 120

/** Presses Tab until what has the focus bears this name, and sees that the focus can be seen there. */
async function tabTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const met = new Set<string>()
  for (let n = 0; n < TABS; n++) {
    await page.keyboard.press(key)
    const at = await page.evaluate(() => {
      const here = document.activeElement as HTMLElement | null
      if (!here || here === document.body) return null
      const labels = (here as HTMLInputElement).labels
      const named = here.getAttribute('aria-label') ?? (labels?.length ? labels[0]?.textContent : here.textContent) ?? ''
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(here)
      return { name: named.trim(), seen: (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none' }
    })
    if (at) met.add(at.name)
    if (at === null || !(typeof name === 'string' ? at.name === name : name.test(at.name))) continue
    expect(at.seen, `the focus on “${at.name}” is seen`).toBe(true)
    return
  }
  throw new Error(`Tab never came to ${name}: ${[...met].join(' · ')}`)
}

async function press(page: Page, name: string | RegExp): Promise<void> {
  await tabTo(page, name)
  await page.keyboard.press('Enter')
}

async function signedIn(browser: Browser, login: string): Promise<Page> {
  const page = await (await browser.newContext({ permissions: ['microphone'], locale: 'en-IN' })).newPage()
  await page.goto('/sign-in')
  await expect(page.locator('h1')).toBeVisible()
  await tabTo(page, 'E-mail or username')
  await page.keyboard.type(login)
  await tabTo(page, 'Password')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.locator('#content h1')).toBeVisible()
  return page
}

test('a patient talks from consent to the end without a mouse', async ({ browser }) => {
  const page = await signedIn(browser, PATIENT)
  await press(page, 'Talk')
  await expect(page.getByRole('heading', { level: 1, name: 'Talk to us' })).toBeVisible()
  for (const name of ['I agree', 'Record']) {
    const start = page.getByRole('button', { name: 'Start', exact: true })
    const button = page.getByRole('button', { name, exact: true })
    await expect(start.or(button).or(page.getByRole('button', { name: 'Record', exact: true })).first()).toBeVisible()
    if (await button.isVisible()) await press(page, name)
  }
  await press(page, 'Start')
  await page.waitForURL('**/talk/*')
  await expect(page.getByRole('img', { name: 'Level of the microphone' })).toBeVisible()
  await press(page, 'Speak')
  const log = page.getByRole('log')
  await expect(log).toContainText('not a person', { timeout: 30_000 })
  await press(page, 'Pause')
  await expect(page.getByText('Paused: nothing is heard').first()).toBeVisible()
  await press(page, 'Go on')
  await press(page, 'Hide captions')
  await expect(page.getByRole('button', { name: 'Show captions' })).toBeFocused()
  await tabTo(page, 'Write a message')
  await page.keyboard.type('I have had an earache since Friday.')
  const answers = await log.locator('[data-who=assistant]').count()
  await page.keyboard.press('Enter')
  await expect(log).toContainText('I have had an earache since Friday.')
  await expect.poll(() => log.locator('[data-who=assistant]').count(), { timeout: 30_000 }).toBeGreaterThan(answers)
  await press(page, 'End the conversation')
  await press(page, 'Leave for now')
  await expect(page.getByText('The conversation stays open')).toBeVisible()
  await press(page, 'Go back in')
  await press(page, 'Type instead')
  const earlier = page.getByRole('list', { name: 'Said before' }).getByText('I have had an earache since Friday.')
  await expect(earlier).toBeVisible()
  await page.reload()
  await press(page, 'Type instead')
  await expect(earlier).toBeVisible()
  await expect(page.getByText('I have had an earache since Friday.')).toHaveCount(1)
  await press(page, 'End the conversation')
  await expect(page.getByRole('dialog', { name: 'End this conversation?' })).toBeVisible()
  await press(page, 'End the conversation')
  await expect(page.getByText('The conversation has ended')).toBeVisible()
  await press(page, 'See what was said')
  await expect(page.getByText('I have had an earache since Friday.').first()).toBeVisible()
  await page.context().close()
})

test('a clinician reviews a note and signs it without a mouse', async ({ browser }) => {
  await furnished(browser)
  const page = await signedIn(browser, CLINICIAN)
  await press(page, 'Notes')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Asha Rao' }).first()).toBeVisible()
  await press(page, 'Asha Rao')
  await page.waitForURL('**/notes/*')
  await expect(page.locator('[data-statement]').first()).toBeVisible()
  await tabTo(page, 'One-letter keys')
  await page.keyboard.press('Space')
  await page.reload()
  await expect(page.getByRole('checkbox', { name: 'One-letter keys' })).not.toBeChecked()
  const active = page.locator('[data-statement][aria-current=true]')
  await tabTo(page, 'One-letter keys')
  await page.keyboard.press('n')
  await expect(active).toHaveCount(0)
  await page.keyboard.press('Space')
  await page.keyboard.press('n')
  await expect(active).toHaveCount(1)
  await expect(page.locator('mark').first()).toBeVisible()
  await page.keyboard.press('e')
  await expect(active.getByRole('textbox')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(active.getByRole('textbox')).toHaveCount(0)
  await answerEveryObjection(page)
  await press(page, 'Sign')
  await expect(page.getByText('Signed', { exact: true }).first()).toBeVisible()
  await page.context().close()
})

/** N goes to the next objection, A has looked at it; what stands against the judge's verdict gets a reason. */
async function answerEveryObjection(page: Page): Promise<void> {
  const answered = page.getByText('Every objection is answered.')
  for (let n = 0; n < 30 && !(await answered.isVisible()); n++) {
    await page.keyboard.press('n')
    const active = page.locator('[data-statement][aria-current=true]')
    await expect(active).toHaveCount(1)
    if (await active.getByRole('button', { name: 'Let it stand' }).isVisible()) {
      await press(page, 'Let it stand')
      await expect(page.getByLabel('Why it is right all the same')).toBeFocused()
      await page.keyboard.type('The patient said so.')
      await press(page, 'Let it stand')
      await expect(page.getByRole('dialog')).toBeHidden()
    }
    const id = await active.getAttribute('data-statement')
    await page.keyboard.press('a')
    await expect(page.locator(`[data-statement="${id}"]`).getByText('Looked at').or(answered).first()).toBeVisible()
  }
  await expect(answered).toBeVisible()
}
