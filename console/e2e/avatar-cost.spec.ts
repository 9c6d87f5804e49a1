// What the face costs: processor time of the page's own process while the agent speaks, with it and without.
import { expect, test } from '@playwright/test'
import { agree, pageOf, PATIENT } from './people'

test.skip(!process.env.AURICLE_MEASURE, 'only when it is measured')

const SECONDS = 20

test('the face beside the same page without it', async ({ browser }) => {
  test.setTimeout(180_000)
  const page = await pageOf(browser, PATIENT)
  await page.goto('/talk')
  await agree(page)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.getByRole('button', { name: 'Speak' }).click()
  await expect(page.getByRole('log')).toContainText('not a person')
  const system = await browser.newBrowserCDPSession()
  const spent = async () => {
    const { processInfo } = await system.send('SystemInfo.getProcessInfo')
    return processInfo.filter((one) => one.type === 'renderer' || one.type === 'GPU').reduce((sum, one) => sum + one.cpuTime, 0)
  }
  const during = async () => {
    const before = await spent()
    await page.waitForTimeout(SECONDS * 1_000)
    return (await spent()) - before
  }
  const shown: number[] = []
  const hidden: number[] = []
  for (let round = 0; round < 2; round++) {
    shown.push(await during())
    await page.getByRole('button', { name: 'Hide the face' }).click()
    hidden.push(await during())
    await page.getByRole('button', { name: 'Show the face' }).click()
  }
  const mean = (all: number[]) => all.reduce((sum, one) => sum + one, 0) / all.length / SECONDS
  console.log(`cores: with the face ${mean(shown).toFixed(3)}, without ${mean(hidden).toFixed(3)}, ratio ${(mean(shown) / mean(hidden)).toFixed(2)}`)
})
