// What happens meanwhile: a colleague saves, the network goes, somebody leaves or opens another window. What was typed stays,
// nothing is done that nobody expects any more, and the page says what is the case.
import { expect, test, type Browser, type Page } from '@playwright/test'
import { drafted } from './furniture'
import { ADMIN, agree, asked, CLINICIAN, pageOf, PATIENT } from './people'

interface Statement {
  id: string
  section: string
  part: string | null
  kind: string
  text: string
  verdict: string
}
interface Note {
  version: number
  status: string
  statements: Statement[]
}

const noteOf = (page: Page, id: string) => asked<Note>(page, 'GET', `/api/v1/soap/notes/${id}`)

/** A colleague's save: the note as it stands, with other words for some statements, or without them (null). */
async function rewritten(page: Page, id: string, words: Record<number, string | null>): Promise<Note> {
  const { version, statements } = await noteOf(page, id)
  const wanted = statements.flatMap(({ id, section, part, kind, text }, n) =>
    words[n] === null ? [] : [{ id, section, part, kind, text: words[n] ?? text }],
  )
  return asked<Note>(page, 'PUT', `/api/v1/soap/notes/${id}`, { version, statements: wanted })
}

let note: string // the same for who writes in it and who then signs it

test.beforeAll(async ({ browser }) => {
  note = (await drafted(browser)).note
})

test('what a reviewer types outlives no network, another language and a colleague’s save, and is saved in the end', async ({ browser }) => {
  const page = await pageOf(browser, CLINICIAN)
  const colleague = await pageOf(browser, CLINICIAN)
  await page.route('**/api/v1/events', (route) => route.abort()) // it hears of the colleague only by being refused
  await page.goto(`/notes/${note}`)
  const typed = page.locator('[data-statement] textarea')
  const save = page.locator('[data-statement] button[type=submit]')
  const write = async (text: string) => {
    await page.locator('[data-statement]').first().focus()
    await page.keyboard.press('e')
    await typed.fill(text)
  }
  const mine = 'Ringing in the left ear since last Monday.'
  await write(mine)

  await page.context().setOffline(true)
  await save.click()
  await expect(page.getByText('The service could not be reached')).toBeVisible()
  await page.context().setOffline(false)
  await expect(typed).toHaveValue(mine)

  await page.locator('header select').selectOption('hi')
  await expect(page.locator('#content').getByRole('button', { name: 'छापें' })).toBeVisible()
  await expect(typed).toHaveValue(mine)
  await page.locator('header select').selectOption('en')

  await rewritten(colleague, note, { 0: 'Ringing in both ears.', 1: 'Takes metformin 500 mg with breakfast and dinner.' })
  await save.click()
  await expect(page.getByText('note.stale_version')).toBeVisible()
  await expect(page.getByRole('alert')).toContainText('It now says: “Ringing in both ears.”')
  await expect(typed).toHaveValue(mine)
  await save.click()
  await expect(typed).toHaveCount(0)
  const [first, second] = (await noteOf(colleague, note)).statements
  expect([first?.text, second?.text]).toEqual([mine, 'Takes metformin 500 mg with breakfast and dinner.'])

  await write('Ringing in the left ear for a week.')
  await rewritten(colleague, note, { 0: null })
  await save.click()
  await expect(page.getByRole('alert')).toContainText('This statement was removed meanwhile.')
  await expect(typed).toHaveValue('Ringing in the left ear for a week.')
  await save.click()
  await expect(typed).toHaveCount(0)
  const texts = (await noteOf(colleague, note)).statements.map((one) => one.text)
  expect(texts).toContain('Ringing in the left ear for a week.')
  expect(texts).not.toContain(mine)
  await colleague.context().close()
  await page.context().close()
})

test('a signature without a network is told as not given, and is not given when the network returns', async ({ browser }) => {
  const page = await pageOf(browser, CLINICIAN)
  const { version, statements } = await noteOf(page, note)
  const { id, section, part, kind, text } = statements.find((one) => one.verdict === 'supported') ?? statements[0]!
  const short = await asked<Note>(page, 'PUT', `/api/v1/soap/notes/${note}`, { version, statements: [{ id, section, part, kind, text }] })
  await page.goto(`/notes/${note}`)
  const sign = page.getByRole('button', { name: 'Sign', exact: true })
  await expect(sign).toBeEnabled()
  const signatures: string[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/soap/approve')) signatures.push(request.method())
  })

  await page.context().setOffline(true)
  await sign.click()
  await expect(page.getByRole('alert').getByText('The service could not be reached')).toBeVisible()
  await expect(sign).toBeEnabled()
  const reread = page.waitForResponse((answer) => answer.url().includes(`/soap/notes/${note}`) && answer.ok())
  await page.context().setOffline(false)
  await reread // the network is here again, and what waited for it would go now
  await expect(page.getByText('Draft', { exact: true })).toBeVisible()
  expect(signatures).toEqual(['POST'])
  expect(await noteOf(page, note)).toMatchObject({ status: 'draft', version: short.version })
  await page.context().close()
})

test('what is typed in an agent outlives a newer version that somebody else saves, which refuses it in words', async ({ browser }) => {
  const page = await pageOf(browser, ADMIN)
  const { items } = await asked<{ items: { id: string }[] }>(page, 'GET', '/api/v1/agents')
  const agent = `/api/v1/agents/${items[0]?.id}`
  await page.clock.install()
  await page.goto(`/agents/${items[0]?.id}`)
  const greeting = page.getByLabel('Greeting in English')
  await greeting.fill('Good evening, this is the automated assistant of the clinic.')

  const { latest } = await asked<{ latest: number }>(page, 'GET', agent)
  const { config } = await asked<{ config: object }>(page, 'GET', `${agent}/versions/${latest}`)
  await asked(page, 'PUT', agent, { ...config, specialty: 'audiology and balance' })
  const reread = page.waitForResponse(async (answer) => answer.url().endsWith(agent) && (await answer.json()).latest > latest)
  await page.clock.fastForward(11_000) // what was read is old by now
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange', { bubbles: true })))
  await reread
  await expect(greeting).toHaveValue('Good evening, this is the automated assistant of the clinic.')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect(page.getByRole('alert').getByText('Somebody has changed this agent since you read it.')).toBeVisible()
  await expect(greeting).toHaveValue('Good evening, this is the automated assistant of the clinic.')
  await page.context().close()
})

declare global {
  interface Window {
    /** The microphone as the page asks for it: what it got, and whether the browser still asks the person. */
    __asked: { tracks: MediaStreamTrack[]; held: boolean; waiting: (() => void)[] }
  }
}

/** In the room of a new conversation, before it began. `prepare` runs in the page before anything of ours. */
async function inTheRoom(browser: Browser, prepare: () => void = () => undefined): Promise<Page> {
  const page = await pageOf(browser, PATIENT)
  await page.addInitScript(prepare)
  await page.goto('/talk')
  await agree(page)
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForURL('**/talk/*')
  return page
}

function heldMicrophone(): void {
  const devices = navigator.mediaDevices
  const open = devices.getUserMedia.bind(devices)
  const asked: Window['__asked'] = { tracks: [], held: false, waiting: [] }
  window.__asked = asked
  devices.getUserMedia = async (wanted) => {
    if (asked.held) await new Promise<void>((go) => asked.waiting.push(go))
    const stream = await open(wanted)
    asked.tracks.push(...stream.getTracks())
    return stream
  }
}

test('the microphone is closed behind whoever leaves the room before the conversation began, and none begins', async ({ browser }) => {
  const page = await inTheRoom(browser, heldMicrophone)
  const speak = page.getByRole('button', { name: 'Speak' })
  const tracks = () => page.evaluate(() => window.__asked.tracks.map((one) => one.readyState))
  const away = page.getByRole('link', { name: 'Home', exact: true })
  const sockets: string[] = []
  page.on('websocket', (socket) => sockets.push(socket.url()))
  await expect.poll(tracks).toEqual(['live'])

  await page.evaluate(() => (window.__asked.held = true))
  await speak.click()
  await expect.poll(() => page.evaluate(() => window.__asked.waiting.length)).toBe(1)
  await away.click()
  await expect(speak).toBeHidden()
  await page.evaluate(() => {
    window.__asked.held = false
    window.__asked.waiting.forEach((go) => go()) // the person allows it only now
  })
  await expect.poll(tracks).toEqual(['ended', 'ended'])

  let send = () => undefined as void
  const held = new Promise<void>((go) => (send = go))
  const ticket = new Promise<void>((wanted) =>
    page.route('**/api/v1/**/*ticket*', async (route) => {
      wanted()
      await held
      await route.continue()
    }),
  )
  await page.goBack()
  await expect.poll(tracks).toEqual(['ended', 'ended', 'live'])
  await speak.click()
  await ticket
  expect(await tracks()).toEqual(['ended', 'ended', 'ended', 'live'])
  await away.click()
  await expect.poll(tracks).toEqual(['ended', 'ended', 'ended', 'ended'])
  const given = page.waitForResponse('**/api/v1/**/*ticket*')
  send()
  await given
  await page.getByRole('link', { name: 'Consultations', exact: true }).click()
  await page.waitForURL('**/consultations')
  await expect(page.locator('#content h1')).toBeVisible()
  expect(sockets).toEqual([])
  await page.context().close()
})

test('a conversation that another window took over says so, is no fault of ours, and can be taken back', async ({ browser }) => {
  const first = await inTheRoom(browser)
  const moved = 'This conversation goes on in another window or on the phone.'
  const begin = async (page: Page) => {
    await page.getByRole('button', { name: 'Type instead' }).click()
    await expect(page.getByText('Connected', { exact: true })).toBeVisible()
  }
  await begin(first)
  const second = await first.context().newPage()
  await second.goto(first.url())
  await begin(second)
  await expect(first.getByRole('status').getByText(moved)).toBeVisible()
  await expect(first.locator('#content')).not.toContainText('fault of ours')
  await expect(first.getByText('The conversation has ended')).toBeHidden()
  await first.getByRole('button', { name: 'Go on here' }).click()
  await begin(first)
  await expect(second.getByRole('status').getByText(moved)).toBeVisible()
  await first.context().close()
})
