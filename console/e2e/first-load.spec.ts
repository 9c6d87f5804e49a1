// What a browser that was never here must fetch before somebody can sign in.
import { expect, test } from '@playwright/test'

const MOST_BYTES = 200_000

test('the first load is at most 200 kB as sent, fonts aside', async ({ page }) => {
  const network = await page.context().newCDPSession(page)
  await network.send('Network.enable')
  const urls = new Map<string, string>()
  const sent: [string, number][] = []
  network.on('Network.responseReceived', ({ requestId, response }) => urls.set(requestId, response.url))
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const url = urls.get(requestId) ?? ''
    if (!url.endsWith('.woff2')) sent.push([new URL(url).pathname, encodedDataLength])
  })
  await page.goto('/sign-in')
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await page.waitForLoadState('networkidle')
  const bytes = sent.reduce((sum, [, length]) => sum + length, 0)
  console.log(`first load: ${bytes} bytes in ${sent.length} files, fonts aside`)
  expect(bytes, sent.map((one) => one.join(' ')).join('\n')).toBeLessThanOrEqual(MOST_BYTES)
})
