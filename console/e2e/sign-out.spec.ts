// The way out: signing out on any page, and a page that nobody touches, which asks first and signs out where nobody answers.
import { expect, test } from '@playwright/test'
import { ADMIN, CLINICIAN, pageOf, PASSWORD } from './people'

test('whoever signs out on a page comes to the door, and by it to that page again', async ({ browser }) => {
  const page = await pageOf(browser, CLINICIAN)
  await page.goto('/patients?tab=duplicates')
  await expect(page.locator('#content h1')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL((url) => url.pathname === '/sign-in' && url.searchParams.get('next') === '/patients?tab=duplicates')
  await page.locator('input[autocomplete=username]').fill(CLINICIAN)
  await page.locator('input[type=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/patients?tab=duplicates')
  await page.context().close()
})

test('whoever signs out in one tab is out in all, and who signs in after them is in all', async ({ browser }) => {
  const first = await pageOf(browser, CLINICIAN)
  await first.goto('/patients')
  await expect(first.getByRole('link', { name: 'Asha Rao' })).toBeVisible()
  const second = await first.context().newPage()
  await second.goto('/notes')
  await first.goto('/account')
  await first.getByLabel('Given name').fill('half typed') // asks before it is left, and keeps nobody signed in
  await second.getByRole('button', { name: 'Sign out' }).click()
  await first.waitForURL('**/sign-in?next=*')
  await second.waitForURL('**/sign-in?next=*')
  await second.locator('input[autocomplete=username]').fill(ADMIN)
  await second.locator('input[type=password]').fill(PASSWORD)
  await second.keyboard.press('Enter')
  await first.waitForURL('**/account')
  await expect(first.getByRole('link', { name: 'Farida Khan' })).toBeVisible() // whose account the header names
  await first.context().close()
})

test('a page left open asks after half an hour whether somebody is there, and signs out', async ({ browser }) => {
  const page = await pageOf(browser, CLINICIAN)
  await page.clock.install()
  await page.goto('/patients')
  await expect(page.locator('#content h1')).toBeVisible()
  const asked = page.getByRole('dialog', { name: 'Are you still there?' })
  await page.clock.fastForward('29:10')
  await expect(asked).toBeVisible()
  await expect(asked.getByRole('timer')).toHaveText(/^\d\d s$/)
  await page.keyboard.press('Shift')
  await expect(asked).toBeHidden()
  await page.clock.fastForward('28:50')
  await expect(asked).toBeHidden()
  await page.clock.fastForward('01:20')
  await page.waitForURL('**/sign-in?next=*')
  await page.goto('/patients')
  await page.waitForURL('**/sign-in?next=*') // the sign-in itself is over, not only the page
  await page.context().close()
})
