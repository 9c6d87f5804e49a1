// What an administrator does, and that it is felt at once.
import { expect, test } from '@playwright/test'
import { ADMIN, asked, CLINICIAN, pageOf, PLATFORM } from './people'

test('knowledge that was dropped in is used in the next answer', async ({ browser }) => {
  const page = await pageOf(browser, ADMIN)
  await page.goto('/knowledge')
  await page.locator('input[type=file]').setInputFiles({
    name: 'parking.md',
    mimeType: 'text/markdown',
    buffer: Buffer.from('# Parking at the clinic\n\nVisitors park in the yard behind the clinic. Parking costs twenty rupees an hour.\n'),
  })
  const row = page.locator('li', { hasText: /parking/i }).first()
  await expect(row.getByText('in use')).toBeVisible({ timeout: 60_000 })
  await row.getByRole('button', { name: /^Passages: 1: / }).click()
  await expect(page.getByRole('dialog')).toContainText('Visitors park in the yard behind the clinic.')
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: 'Ask' }).click()
  await page.getByLabel('A question as a patient would put it').fill('What does parking at the clinic cost?')
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await expect(page.getByText('twenty rupees').first()).toBeVisible()
  await page.context().close()
})

test('an agent is changed, looked through, tested by a conversation, and let serve', async ({ browser }) => {
  const page = await pageOf(browser, ADMIN)
  const newcomer = `Nila ${Date.now()}`
  const [given_name, family_name] = newcomer.split(' ')
  await asked(page, 'POST', '/api/v1/patients', { given_name, family_name })
  const greeting = `Good day ${Date.now() % 10_000}, I am Asha, the automated assistant of the clinic. How can I help?` // a try again changes something too
  await page.goto('/talk') // where patients talk: who is none is told where to try an agent out
  await page.getByRole('link', { name: 'To the agents' }).click()
  await page.getByRole('link', { name: 'Asha' }).click()
  await page.getByLabel('Greeting in English').fill(greeting)
  const question = page.getByRole('dialog', { name: 'Leave without saving?' })
  for (const away of [page.getByRole('link', { name: 'Tools', exact: true }), page.getByRole('tab', { name: 'Versions' })]) {
    await away.click()
    await question.getByRole('button', { name: 'Stay here' }).click()
    await expect(question).toBeHidden()
  }
  await expect(page.getByLabel('Greeting in English')).toHaveValue(greeting)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const saved = page.getByText(/^Saved as version \d+/)
  await expect(saved).toBeVisible()
  const version = /version (\d+)/.exec((await saved.textContent()) ?? '')?.[1] ?? ''
  await page.getByRole('tab', { name: 'Versions' }).click()
  await page.getByRole('button', { name: `What version ${version} changes` }).click()
  await expect(page.locator('ins', { hasText: 'Good day' })).toBeVisible()
  await page.getByRole('tab', { name: 'Talk to it' }).click()
  await page.getByLabel('In whose name').selectOption({ label: newcomer })
  await expect(page.getByText(`${newcomer} has not agreed`)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Talk to it' })).toBeDisabled()
  await page.getByLabel('In whose name').selectOption({ label: 'Vikram Singh' }) // who agreed
  await page.getByRole('button', { name: 'Talk to it' }).click()
  await page.getByRole('button', { name: 'Type instead' }).click()
  await expect(page.getByRole('log')).toContainText(greeting, { timeout: 30_000 })
  await page.getByLabel('Write a message').fill('When are you open?') // at once: what is read takes no time to be heard
  await page.keyboard.press('Enter')
  const tried = (await page.getByRole('link', { name: 'See how long each step took' }).getAttribute('href')) ?? ''
  const kept = () => asked<{ messages: { text: string; heard: string | null }[] }>(page, 'GET', `/api/v1${tried}/transcript`)
  await expect.poll(async () => (await kept()).messages.length, { timeout: 30_000 }).toBeGreaterThan(2)
  expect((await kept()).messages[0]).toMatchObject({ text: greeting, heard: null })
  await page.getByRole('tab', { name: 'Versions' }).click()
  await page.getByRole('button', { name: `Let version ${version} serve` }).click()
  await expect(page.getByText(`Version ${version} serves from now on.`)).toBeVisible()
  await page.context().close()
})

test('a role that is changed is felt at once, and given back', async ({ browser }) => {
  const clinician = await pageOf(browser, CLINICIAN)
  await expect(clinician.getByRole('link', { name: 'Notes', exact: true })).toBeVisible()
  const admin = await pageOf(browser, ADMIN)
  await admin.goto('/organizations')
  await expect(admin.getByText('Your role does not allow this.')).toBeVisible()
  await expect(admin.getByRole('button', { name: 'Add an organization' })).toHaveCount(0)
  await admin.goto('/members?tab=bogus') // no such tab: the first is there
  const role = admin.getByLabel('Role: Meera Iyer')
  await role.selectOption({ label: 'staff' })
  await expect(admin.getByText('Meera Iyer is now staff')).toBeVisible()
  await clinician.getByRole('link', { name: 'Notes', exact: true }).click()
  await expect(clinician.getByRole('link', { name: 'Notes', exact: true })).toBeHidden()
  await role.selectOption({ label: 'clinician' })
  await expect(admin.getByText('Meera Iyer is now clinician')).toBeVisible()
  await clinician.reload()
  await expect(clinician.getByRole('link', { name: 'Notes', exact: true })).toBeVisible()
  await clinician.context().close()
  await admin.context().close()
})

test('a platform administrator founds an organization and sees nothing clinical', async ({ browser }) => {
  const page = await pageOf(browser, PLATFORM)
  await page.getByRole('link', { name: 'Organizations' }).first().click()
  await page.getByRole('button', { name: 'Add an organization' }).click()
  const dialog = page.getByRole('dialog')
  for (const [name, value] of [
    ['Name', 'Lakeside Hospital'],
    ['Short name', 'lakeside'],
    ['E-mail', 'desk@lakeside.example'],
    ['Contact', 'Ravi Menon'],
    ['Their given name', 'Ravi'],
    ['Their family name', 'Menon'],
  ] as const)
    await dialog.getByLabel(name, { exact: true }).fill(value)
  const administrator = dialog.getByLabel('E-mail of the first administrator')
  await administrator.fill('ravi@lakeside') // an address for the browser, and none for the API
  await dialog.getByRole('button', { name: 'Add an organization' }).click()
  await expect(dialog.getByText('E-mail of the first administrator: not valid')).toBeVisible()
  await expect(administrator).toHaveAccessibleDescription('This is not valid.')
  await administrator.fill('ravi@lakeside.example')
  await dialog.getByRole('button', { name: 'Add an organization' }).click()
  await expect(page.getByRole('cell', { name: 'Lakeside Hospital' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Patients' })).toBeHidden()
  await page.context().close()
})

test('names, words and files full of markup are text, nothing of a sign-in is in storage', async ({ browser }) => {
  const page = await pageOf(browser, ADMIN)
  page.on('dialog', (dialog) => {
    throw new Error(`a dialog opened: ${dialog.message()}`)
  })
  const markup = '<img src=x onerror=alert(1)><b>Bold</b>'
  const patient = await asked<{ id: string }>(page, 'POST', '/api/v1/patients', {
    given_name: markup.slice(0, 60),
    family_name: '"><script>alert(2)</script>',
  })
  await page.goto('/patients')
  await expect(page.getByText('<img src=x onerror=alert(1)>').first()).toBeVisible()
  await page.goto(`/patients/${patient.id}`)
  await expect(page.locator('h1')).toContainText('<script>alert(2)</script>')
  await page.goto('/knowledge')
  await page.locator('input[type=file]').setInputFiles({ name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from(`${markup} [link](javascript:alert(3)) opening times of the annex are nine to five.`) })
  await expect(page.locator('li', { hasText: 'x.txt' }).or(page.locator('li', { hasText: /^x/ })).first()).toBeVisible()
  expect(await page.locator('#content img, #content script, #content b').count()).toBe(0)
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))
  expect(kept).not.toMatch(/eyJ|refresh|Bearer/)
  await page.context().close()
})

test('who is asked first is ordered by the keyboard, taken back, saved, and an account goes after a question', async ({ browser }) => {
  const page = await pageOf(browser, ADMIN)
  const name = `ears-${Date.now()}`
  await asked(page, 'POST', '/api/v1/provider-accounts?untested=true', { name, vendor: 'deepgram', key: 'of-nobody' })
  await page.goto('/providers?tab=orders')
  const kind = page.locator('section', { has: page.getByRole('heading', { level: 2, name: 'Speech recognition' }) })
  await kind.getByRole('button', { name: 'Set an order of your own' }).click()
  const places = kind.locator('ol li')
  await expect(places).toHaveText([`1.${name}`, '2.offline'])
  await kind.getByRole('button', { name: `Move ${name} down` }).press('Enter')
  await expect(places).toHaveText(['1.offline', `2.${name}`])
  await expect(kind.getByRole('button', { name: `Move ${name} up` })).toBeFocused()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(places).toHaveText([`1.${name}`, '2.offline'])
  await kind.getByRole('button', { name: 'Move offline up' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByText('The order is saved.')).toBeVisible()
  await page.reload()
  await expect(places).toHaveText(['1.offline', `2.${name}`])

  await page.getByRole('tab', { name: 'Providers', exact: true }).click()
  await page.getByRole('button', { name: `Remove ${name}` }).click()
  const question = page.getByRole('dialog', { name: `Remove ${name}` })
  await question.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(question.getByText('Still named by: the order of providers.')).toBeVisible()
  await question.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('tab', { name: 'Order', exact: true }).click()
  await kind.getByRole('button', { name: 'Remove this order' }).click()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(kind.getByText('No order is set')).toBeVisible()
  await page.getByRole('tab', { name: 'Providers', exact: true }).click()
  await page.getByRole('button', { name: `Remove ${name}` }).click()
  await question.getByRole('button', { name: 'Remove', exact: true }).click()
  await expect(page.getByText('The account is removed.')).toBeVisible()
  await page.context().close()
})

test('a notice stands over an open dialog, not behind it', async ({ browser }) => {
  const page = await pageOf(browser, ADMIN, { permissions: ['clipboard-write'] })
  await page.goto('/api-keys')
  await page.locator('#content').getByRole('button', { name: 'Make a key' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Reports')
  await dialog.getByRole('checkbox').first().check()
  await dialog.locator('button[type=submit]').click()
  await dialog.getByRole('button', { name: /^Copy/ }).first().click()
  await dialog.getByRole('status').getByText('Copied', { exact: true }).click({ trial: true }) // nothing lies over it
  await page.context().close()
})

test('a list is sorted by the server, and the address remembers how', async ({ browser }) => {
  const page = await pageOf(browser, ADMIN)
  await page.goto('/members')
  const head = page.getByRole('columnheader', { name: 'Name' })
  const named = page.locator('tbody td:first-child button')
  const sorted = async (way: 1 | -1) => {
    await expect(async () => {
      const names = (await named.allTextContents()).map((name) => name.toLowerCase())
      expect(names.length).toBeGreaterThan(2)
      expect(names).toEqual([...names].sort((one, other) => (one < other ? -way : way)))
    }).toPass({ timeout: 10_000 })
  }
  await head.getByRole('button').click()
  await expect(head).toHaveAttribute('aria-sort', 'ascending')
  await sorted(1)
  await head.getByRole('button').click()
  await expect(page).toHaveURL(/sort=-name/)
  await sorted(-1)
  await page.reload()
  await sorted(-1)
  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByLabel('Sort by').selectOption('Name: A to Z')
  await sorted(1)
  await page.context().close()
})
