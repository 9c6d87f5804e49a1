// What happens elsewhere is on the page without anybody asking, and is again after the network was gone.
import { expect, test } from '@playwright/test'
import { asked, CLINICIAN, pageOf } from './people'
import { CONTROL } from './wire'

test('a conversation that begins is seen at once, also after the network was gone; meanwhile the page says what it lacks', async ({ browser, request }) => {
  const page = await pageOf(browser, CLINICIAN)
  const followed = page.waitForResponse((answer) => answer.url().endsWith('/api/v1/events'))
  await page.goto('/live')
  await followed
  const rows = page.locator('#content').getByRole('link', { name: 'Listen in' })
  await expect(page.getByText('Nobody is talking now').or(rows.first())).toBeVisible()
  const before = await rows.count()
  const patients = await asked<{ items: { id: string }[] }>(page, 'GET', '/api/v1/patients')
  const begin = () => asked(page, 'POST', '/api/v1/consultation/create', { patient_id: patients.items[0]?.id, type: 'text', language: 'en' })

  await begin()
  await expect(rows).toHaveCount(before + 1) // within 15 s: asking again would take a minute

  await request.post(`http://127.0.0.1:${CONTROL}/cut?ms=9000`)
  const away = page.getByText('Live updates are away')
  await expect(away).toBeVisible()
  await expect(away).toBeHidden({ timeout: 30_000 })
  await begin()
  await expect(rows).toHaveCount(before + 2)
  await page.context().close()
})
