// The pictures of docs/pictures, made anew by `make pictures`: every page, on a desk and on a phone.
import { expect, test, type Browser, type Page } from '@playwright/test'
import { resolve } from 'node:path'
import { ADMIN, agree, asked, CLINICIAN, pageOf, PATIENT, PLATFORM } from './people'

test.skip(!process.env.AURICLE_PICTURES, 'only when pictures are wanted')

const FOLDER = resolve(import.meta.dirname, '../../docs/pictures')
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const
type Size = keyof typeof SIZES

async function take(page: Page, name: string, size: Size): Promise<void> {
  await expect(page.locator('[role=status][aria-label]')).toHaveCount(0)
  await page.waitForTimeout(600)
  await page.screenshot({ path: resolve(FOLDER, `${name}-${size}.png`) })
}

async function pages(browser: Browser, size: Size, login: string, all: Record<string, string>, options = {}): Promise<void> {
  const page = await pageOf(browser, login, { viewport: SIZES[size], ...options })
  for (const [name, path] of Object.entries(all)) {
    await page.goto(path)
    await expect(page.locator('h1').first()).toBeVisible()
    await take(page, name, size)
  }
  await page.context().close()
}

/** A consultation by text with a note drafted from it, so that the pages have something to show. */
async function furnished(browser: Browser): Promise<{ consultation: string; note: string; agent: string; patient: string }> {
  const patient = await pageOf(browser, PATIENT)
  await patient.goto('/talk')
  await agree(patient)
  const { consultation_id } = await asked<{ consultation_id: string }>(patient, 'POST', '/api/v1/consultation/create', { type: 'text', language: 'en' })
  for (const text of [
    'My left ear has been ringing since last Monday and I hear badly on that side.',
    'I take metformin five hundred milligrams twice a day.',
    'I am allergic to penicillin, it gave me a rash.',
    'No fever and no discharge, but I feel dizzy when I stand up.',
    'I had a hearing test two years ago.',
  ])
    await asked(patient, 'POST', '/api/v1/conversation/message', { consultation_id, text })
  await patient.context().close()
  const clinician = await pageOf(browser, CLINICIAN)
  const note = await asked<{ id: string }>(clinician, 'POST', '/api/v1/soap/generate?wait=30', { consultation_id })
  const patients = await asked<{ items: { id: string }[] }>(clinician, 'GET', '/api/v1/patients')
  const agents = await asked<{ items: { id: string }[] }>(clinician, 'GET', '/api/v1/agents')
  await clinician.context().close()
  return { consultation: consultation_id, note: note.id, agent: agents.items[0]?.id ?? '', patient: patients.items.at(-1)?.id ?? '' }
}

test('pictures of every page', async ({ browser }) => {
  test.setTimeout(600_000)
  const has = await furnished(browser)
  for (const size of ['desk', 'phone'] as const) {
    const door = await (await browser.newContext({ viewport: SIZES[size], locale: 'en-IN' })).newPage()
    await door.goto('/sign-in')
    await take(door, 'sign-in', size)
    await door.context().close()
    await pages(browser, size, CLINICIAN, {
      'home-clinician': '/',
      consultations: '/consultations',
      consultation: `/consultations/${has.consultation}`,
      patients: '/patients',
      patient: `/patients/${has.patient}`,
      notes: '/notes',
      live: '/live',
      appointments: '/appointments',
    })
    const reviewer = await pageOf(browser, CLINICIAN, { viewport: SIZES[size] })
    await reviewer.goto(`/notes/${has.note}`)
    await reviewer.locator('[data-statement]', { hasText: 'metformin' }).first().focus()
    await take(reviewer, 'note-review', size)
    await reviewer.context().close()
    await pages(browser, size, ADMIN, {
      'home-admin': '/',
      knowledge: '/knowledge',
      agents: '/agents',
      agent: `/agents/${has.agent}`,
      members: '/members',
      providers: '/providers',
      phone: '/phone',
      usage: '/usage',
      audit: '/audit',
      account: '/account',
    })
    await pages(browser, size, PLATFORM, { organizations: '/organizations' })
    await pages(browser, size, PATIENT, { 'home-patient': '/', talk: '/talk' })
    await pages(browser, size, PATIENT, { 'home-patient-hindi-dark': '/' }, { locale: 'hi-IN', colorScheme: 'dark' })
    const talker = await pageOf(browser, PATIENT, { viewport: SIZES[size] })
    await talker.goto('/talk')
    await talker.getByRole('button', { name: 'Start', exact: true }).click()
    await talker.getByRole('button', { name: 'Speak' }).click()
    await expect(talker.getByRole('log')).toContainText('not a person')
    await take(talker, 'room', size)
    await talker.context().close()
  }
})
