// A second factor from the QR code to the door: set up, asked for, refused, answered, turned off.
import { createHmac } from 'node:crypto'
import { expect, test, type Page } from '@playwright/test'
import { PASSWORD } from './people'

const LOGIN = `second.factor.${Date.now()}@sample.clinic` // a try again meets an account of its own

/** The code that an authenticator shows (RFC 6238: SHA-1, six digits, thirty seconds). */
function codeOf(key: string, at = Date.now()): string {
  const bits = [...key.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const secret = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const hash = createHmac('sha1', secret).update(step).digest()
  const from = hash[19]! & 15
  return String((hash.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

async function register(page: Page): Promise<void> {
  await page.goto('/register')
  for (const [name, value] of [['Clinic', 'sample-clinic'], ['Given name', 'Leela'], ['Family name', 'Das'], ['E-mail', LOGIN]] as const)
    await page.getByLabel(name, { exact: false }).first().fill(value)
  await page.locator('input[type=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.locator('#content h1')).toBeVisible()
}

async function signOutAndIn(page: Page): Promise<void> {
  await page.context().clearCookies()
  await page.goto('/sign-in')
  await page.locator('input[autocomplete=username]').fill(LOGIN)
  await page.locator('input[type=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await expect(page.getByLabel('Code of your authenticator')).toBeVisible()
}

test('a second factor is set up by its QR code, asked for at the door, and turned off', async ({ page }) => {
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) throw new Error(message.text())
  })
  await register(page)
  await page.goto('/account')
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Second factor' }) })
  await panel.getByLabel('Present password').fill(PASSWORD)
  await panel.getByRole('button', { name: 'Set up' }).click()
  await expect(panel.getByRole('img', { name: /QR code/ })).toBeVisible()
  const uri = new URL((await panel.locator('a[href^="otpauth:"]').getAttribute('href'))!)
  const key = uri.searchParams.get('secret')!
  await panel.getByLabel('Code from the app').fill(codeOf(key, Date.now() - 3_600_000))
  await panel.getByRole('button', { name: 'Confirm' }).click()
  await expect(panel.getByRole('alert')).toContainText('does not fit')
  await panel.getByLabel('Code from the app').fill(codeOf(key))
  await panel.getByRole('button', { name: 'Confirm' }).click()
  const codes = panel.getByRole('listitem')
  await expect(codes).toHaveCount(10)
  const recovery = (await codes.allTextContents()).map((code) => code.trim())

  await signOutAndIn(page)
  await page.getByLabel('Code of your authenticator').fill('000000')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByLabel('Code of your authenticator').fill(recovery[0]!)
  await page.keyboard.press('Enter')
  await expect(page.locator('#content h1')).toBeVisible()

  await page.goto('/account')
  await panel.getByLabel('Present password').fill(PASSWORD)
  await panel.getByLabel(/code/i).last().fill(recovery[1]!)
  await panel.getByRole('button', { name: 'Turn off' }).click()
  await expect(panel.getByRole('button', { name: 'Set up' })).toBeVisible()
})
