// From speech to the signed note that the patient reads.
import { expect, test, type Page } from '@playwright/test'
import { readFileSync } from 'node:fs'
import { correlation, samplesOf } from './sound'
import { agree, asked, CLINICIAN, pageOf, PATIENT } from './people'
import { CONTROL } from './wire'

test.describe.configure({ mode: 'serial' })

interface Stats {
  state: string
  speaking: boolean
  samples: number
  loudness: number
}

const stats = (page: Page) =>
  page.evaluate((): Stats => {
    const all = window.__voiceStats as { state: string; speaking: boolean; played: () => { samples: number }; loudness: () => number }
    return { state: all.state, speaking: all.speaking, samples: all.played().samples, loudness: all.loudness() }
  })

let patient: Page
let consultationId: string

test.beforeAll(async ({ browser }) => {
  patient = await pageOf(browser, PATIENT)
  await nothingOpen(patient)
  await patient.addInitScript(() => {
    window.__unprocessedMicrophone = true
  })
})

test('a patient agrees, sees the microphone move, and is greeted by voice', async () => {
  await patient.goto('/talk')
  await agree(patient)
  await patient.getByRole('button', { name: 'Start', exact: true }).click()
  await patient.waitForURL('**/talk/*')
  consultationId = patient.url().split('/').at(-1) ?? ''
  await patient.getByRole('button', { name: 'Speak' }).click()
  await expect.poll(async () => (await stats(patient)).samples).toBeGreaterThan(8_000)
  await expect(patient.getByRole('log')).toContainText('not a person')
})

test('interrupting silences the page within a tenth of a second', async () => {
  await expect.poll(async () => (await stats(patient)).loudness, { intervals: [20] }).toBeGreaterThan(0.01)
  const silentAfterMs = await patient.evaluate(async () => {
    const voice = window.__voiceStats as { loudness: () => number }
    const button = [...document.querySelectorAll('button')].find((one) => one.textContent === 'Interrupt')
    const pressed = performance.now()
    button?.click()
    // The analyser looks back over 32 ms of sound: silence is told that much late.
    while (voice.loudness() > 0.001 && performance.now() - pressed < 2_000) await new Promise((next) => setTimeout(next, 5))
    return performance.now() - pressed
  })
  expect(silentAfterMs).toBeLessThanOrEqual(100)
})

test('what is spoken is answered, and what is typed beside it too', async () => {
  const log = patient.getByRole('log')
  // The greeting, and the answer to what the microphone heard: all of it is said before the wire is cut below.
  await expect(log.locator('[data-who=patient]').first()).toBeVisible({ timeout: 40_000 })
  await expect.poll(() => log.locator('[data-who=assistant]').count(), { timeout: 30_000 }).toBeGreaterThan(1)
  const said = [
    'My left ear has been ringing since last Monday.',
    'I take metformin five hundred milligrams twice a day.',
    'I am allergic to penicillin.',
  ]
  for (const text of said) {
    const answers = await log.locator('[data-who=assistant]').count()
    await patient.getByLabel('Write a message').fill(text)
    await patient.keyboard.press('Enter')
    await expect(log).toContainText(text)
    await expect.poll(() => log.locator('[data-who=assistant]').count(), { timeout: 30_000 }).toBeGreaterThan(answers)
  }
})

test('a dropped network is told, and the conversation goes on where it was', async ({ request }) => {
  const lines = await patient.getByRole('log').locator('li').count()
  await request.post(`http://127.0.0.1:${CONTROL}/cut?ms=2500`)
  await expect(patient.getByText('The connection was lost')).toBeVisible()
  await expect(patient.getByText('Connected', { exact: true })).toBeVisible({ timeout: 30_000 })
  expect(await patient.getByRole('log').locator('li').count()).toBeGreaterThanOrEqual(lines)
  await patient.getByLabel('Write a message').fill('I have had no fever.')
  await patient.keyboard.press('Enter')
  await expect.poll(async () => (await record(patient)).some((one) => one.text === 'I have had no fever.')).toBe(true)
})

test('who ends the conversation for good finds none open', async () => {
  const stop = patient.getByRole('button', { name: 'End the conversation' })
  await stop.click()
  await patient.getByRole('dialog').getByRole('button', { name: 'Keep talking' }).click()
  await expect(patient.getByText('Connected', { exact: true })).toBeVisible()
  await stop.click()
  await patient.getByRole('dialog').getByRole('button', { name: 'End the conversation' }).click()
  await expect(patient.getByText('You have ended the conversation.')).toBeVisible()
  const open = patient.waitForResponse((answer) => answer.url().includes('state=active'))
  await patient.goto('/talk')
  expect(((await (await open).json()) as { items: unknown[] }).items).toEqual([])
  await expect(patient.getByRole('button', { name: 'Start', exact: true })).toBeVisible()
  await expect(patient.getByRole('heading', { name: 'Your open conversation' })).toBeHidden()
})

test('the recording holds what the microphone heard', async () => {
  const recordings = `/api/v1/consultations/${consultationId}/recordings`
  await expect
    .poll(async () => (await asked<{ items: { status: string }[] }>(patient, 'GET', recordings)).items[0]?.status, { timeout: 30_000 })
    .toBe('complete')
  const { items } = await asked<{ items: { id: string }[] }>(patient, 'GET', recordings)
  const heard = await patient.evaluate(async (id) => {
    const login = await fetch('/api/v1/auth/refresh', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', 'x-refresh-cookie': '1' } })
    const { access_token } = (await login.json()) as { access_token: string }
    const answer = await fetch(`/api/v1/recordings/${id}/audio?track=patient`, { headers: { authorization: `Bearer ${access_token}` } })
    return [...new Uint8Array(await answer.arrayBuffer())]
  }, items[0]?.id)
  const source = samplesOf(readFileSync(process.env.AURICLE_E2E_SPEECH ?? ''), 16_000)
  const recorded = samplesOf(Buffer.from(heard), 16_000)
  const likeness = correlation(source, recorded, 16_000)
  console.log(`recording and source correlate ${likeness.toFixed(3)}`)
  expect(likeness).toBeGreaterThanOrEqual(0.95)
})

test('a clinician has the note written, sees what it rests on, and signs it; the patient reads it', async ({ browser }) => {
  const clinician = await pageOf(browser, CLINICIAN)
  await clinician.goto(`/consultations/${consultationId}`)
  await clinician.getByRole('button', { name: 'Write a note' }).click()
  await clinician.waitForURL('**/notes/*')
  const metformin = clinician.locator('[data-statement]', { hasText: 'metformin 500 mg' }).first()
  await expect(metformin).toBeVisible({ timeout: 45_000 })
  await metformin.focus()
  await expect(clinician.locator('mark', { hasText: 'metformin' }).first()).toBeVisible()
  await signByKeyboard(clinician)
  const noteId = clinician.url().split('/').at(-1)
  await patient.goto(`/notes/${noteId}`)
  await expect(patient.getByText('metformin 500 mg').first()).toBeVisible()
  await clinician.context().close()
})

test('when the agent hangs up the conversation is over, too; when the clinic or a withdrawn consent ends it, that is no fault of ours', async ({ browser }) => {
  const begin = async () => {
    const { consultation_id } = await asked<{ consultation_id: string }>(patient, 'POST', '/api/v1/consultation/create', { type: 'text', language: 'en' })
    await patient.goto(`/talk/${consultation_id}`)
    await patient.getByRole('button', { name: 'Type instead' }).click()
    return `/api/v1/consultations/${consultation_id}`
  }
  const clinician = await pageOf(browser, CLINICIAN)
  const ended = await begin()
  await expect(patient.getByText('Connected', { exact: true })).toBeVisible()
  await asked(clinician, 'POST', `${ended}/end`)
  await expect(patient.getByText('It was ended from elsewhere')).toBeVisible()
  await clinician.context().close()

  const { patient_id } = await asked<{ patient_id: string }>(patient, 'GET', '/api/v1/auth/me')
  const decide = (decision: 'granted' | 'withdrawn') =>
    asked(patient, 'POST', `/api/v1/patients/${patient_id}/consents`, { kind: 'ai_use', decision })
  await begin()
  await expect(patient.getByText('Connected', { exact: true })).toBeVisible()
  await decide('withdrawn')
  await expect(patient.getByRole('status').getByText('Consent to talk with the assistant was withdrawn.')).toBeVisible()
  await expect(patient.getByText('The conversation has stopped')).toBeVisible()
  await expect(patient.locator('#content')).not.toContainText('fault of ours')
  await decide('granted')

  // The offline model never hangs up: its server's word is put in its mouth.
  await patient.routeWebSocket(/ws\/streaming/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      socket.send(message)
      if (typeof message === 'string' && message.includes('"type":"session"'))
        socket.send(JSON.stringify({ type: 'session_ended', reason: 'agent', code: null, seq: 1 }))
    })
  })
  const hungUp = await begin()
  await expect(patient.getByText('The assistant has ended the conversation.')).toBeVisible()
  expect((await asked<{ status: string }>(patient, 'GET', hungUp)).status).toBe('ended')
})

/** The review without a mouse: each objection is gone to and answered, then the note is signed. */
async function signByKeyboard(page: Page): Promise<void> {
  await page.locator('h1').first().click()
  for (let n = 0; n < 30 && !(await page.getByText('Every objection is answered.').isVisible()); n++) {
    await page.keyboard.press('n')
    await page.keyboard.press('a')
    const overrule = page.locator('[aria-current=true]').getByRole('button', { name: 'Let it stand' })
    if (await overrule.isVisible()) {
      await overrule.press('Enter')
      await page.getByLabel('Why it is right all the same').fill('The patient said so.')
      await page.getByRole('dialog').getByRole('button', { name: 'Let it stand' }).press('Enter')
      await expect(page.getByRole('dialog')).toBeHidden()
    }
    await page.waitForTimeout(300)
  }
  const sign = page.getByRole('button', { name: 'Sign', exact: true })
  await sign.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText('Signed', { exact: true }).first()).toBeVisible()
}

function record(page: Page): Promise<{ text: string }[]> {
  return asked<{ messages: { text: string }[] }>(page, 'GET', `/api/v1/consultations/${consultationId}/transcript`).then((one) => one.messages)
}

/** A try before this one may have left its conversation open. */
async function nothingOpen(page: Page): Promise<void> {
  const { items } = await asked<{ items: { id: string }[] }>(page, 'GET', '/api/v1/consultations?state=active')
  for (const one of items) await asked(page, 'POST', `/api/v1/consultations/${one.id}/end`)
}
