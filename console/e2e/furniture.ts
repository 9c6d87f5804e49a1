// What the pages need to have something to show: made once for each worker, by the API.
import { expect, type Browser, type Page } from '@playwright/test'
import { ADMIN, agree, asked, CLINICIAN, pageOf, PASSWORD, PATIENT, PLATFORM, STAFF } from './people'

/** What the pages of one thing need to have something to show. */
export interface Furniture {
  consultation: string
  note: string
  agent: string
  patient: string
  evaluation: string
  organization: string
}

const SAID = [
  'My left ear has been ringing since last Monday and I hear badly on that side.',
  'I take metformin five hundred milligrams twice a day.',
  'I am allergic to penicillin, it gave me a rash.',
  'No fever and no discharge, but I feel dizzy when I stand up.',
  'I had a hearing test two years ago.',
]

/** A consultation by text, and a note drafted from it. */
export async function drafted(browser: Browser): Promise<Pick<Furniture, 'consultation' | 'note'>> {
  const patient = await pageOf(browser, PATIENT)
  await patient.goto('/talk')
  await agree(patient)
  const { consultation_id } = await asked<{ consultation_id: string }>(patient, 'POST', '/api/v1/consultation/create', { type: 'text', language: 'en' })
  for (const text of SAID) await asked(patient, 'POST', '/api/v1/conversation/message', { consultation_id, text })
  await patient.context().close()
  const clinician = await pageOf(browser, CLINICIAN)
  const note = await asked<{ id: string }>(clinician, 'POST', '/api/v1/soap/generate?wait=30', { consultation_id })
  await clinician.context().close()
  return { consultation: consultation_id, note: note.id }
}

export async function furnished(browser: Browser): Promise<Furniture> {
  const made = await drafted(browser)
  const clinician = await pageOf(browser, CLINICIAN)
  const patients = await asked<{ items: { id: string }[] }>(clinician, 'GET', '/api/v1/patients')
  const agents = await asked<{ items: { id: string }[] }>(clinician, 'GET', '/api/v1/agents')
  await booked(clinician, patients.items.at(-1)?.id ?? '')
  await clinician.context().close()
  const admin = await pageOf(browser, ADMIN)
  const evaluation = await evaluated(admin)
  await setUp(admin, agents.items[0]?.id ?? '')
  await hire(admin)
  await admin.context().close()
  const platform = await pageOf(browser, PLATFORM)
  const organizations = await asked<{ items: { id: string }[] }>(platform, 'GET', '/api/v1/admin/hospitals')
  await platform.context().close()
  return { ...made, agent: agents.items[0]?.id ?? '', patient: patients.items.at(-1)?.id ?? '', evaluation, organization: organizations.items.at(-1)?.id ?? '' }
}

const QUESTIONS = 'question,document,not_in_base\nHow long does a hearing test take?,Hearing tests,\nWho won the match?,,yes\n'

/** Questions that were put to the knowledge once; the page of what came of them. */
async function evaluated(admin: Page): Promise<string> {
  const file = { name: 'questions.csv', mimeType: 'text/csv', buffer: Buffer.from(QUESTIONS) }
  const sets = '/api/v1/rag/evaluations'
  const set = await asked<{ id: string }>(admin, 'POST', sets, { file, name: 'front desk' }, 'multipart')
  let run = { id: '' }
  await expect(async () => {
    run = await asked<{ id: string }>(admin, 'POST', `${sets}/${set.id}/runs`, { label: 'first' })
  }).toPass({ timeout: 60_000 }) // one is done at a time, and another worker's may be under way
  const path = `${set.id}/runs/${run.id}`
  await expect.poll(async () => (await asked<{ status: string }>(admin, 'GET', `${sets}/${path}`)).status, { timeout: 60_000 }).toBe('done')
  return `/knowledge/evaluations/${path}`
}

const DAY_MS = 86_400_000
const ANY = 9_000

/** Hours, and an appointment in them. Workers share the installation: whose time is taken asks for another day. */
async function booked(clinician: Page, patientId: string): Promise<void> {
  const { items } = await asked<{ items: { id: string }[] }>(clinician, 'GET', '/api/v1/appointments/professionals')
  const professional = items[0]?.id ?? ''
  const openings = [0, 1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, opens: '09:00', closes: '17:00' }))
  await asked(clinician, 'PUT', `/api/v1/users/professionals/${professional}/hours`, { openings })
  const day = new Date(Date.now() + DAY_MS * (2 + any(60))).toISOString().slice(0, 10)
  const wanted = { patient_id: patientId, professional_id: professional, starts_at: `${day}T05:30:00Z`, type: 'in_person' }
  await asked(clinician, 'POST', '/api/v1/appointments', wanted)
}

/** What a clinic has set up: a phone line, a tool, a program's key. Numbers are made up anew, for they can't be there twice. */
async function setUp(admin: Page, agentId: string): Promise<void> {
  const n = 1_000 + any(ANY)
  const carrier = await asked<{ id: string }>(admin, 'POST', '/api/v1/phone/carriers', {
    kind: 'twilio',
    name: 'Front desk',
    account_id: `AC${String(n).repeat(8)}`,
    token: 'a-token-of-the-tests',
  })
  await asked(admin, 'POST', '/api/v1/phone/lines', { name: 'Front desk', carrier_id: carrier.id, agent_id: agentId, number: `+91804567${n}` })
  await asked(admin, 'POST', '/api/v1/tools', {
    kind: 'http',
    name: `result_ready_${n}`,
    description: 'Whether the result of a test is ready.',
    parameters: { properties: { test: { type: 'string', maxLength: 80 } } },
    effect: 'read',
    url: 'https://results.example.com/ready',
  })
  await asked(admin, 'POST', '/api/v1/api-keys', { name: 'Reports', scopes: ['patients:read'], days: 30 })
}

/** Somebody at the front desk, who may open a closed record only by emergency. Another worker may have hired them. */
async function hire(admin: Page): Promise<void> {
  const person = { organization: 'sample-clinic', email: STAFF, password: PASSWORD, given_name: 'Ravi', family_name: 'Nair', language: 'en' }
  await admin.request.post('/api/v1/auth/register', { data: person })
  const { organization_id } = await asked<{ organization_id: string }>(admin, 'GET', '/api/v1/auth/me')
  const members = `/api/v1/admin/hospitals/${organization_id}/members`
  const { items } = await asked<{ items: { id: string }[] }>(admin, 'GET', `${members}?name=Ravi`)
  const roles = await asked<{ items: { id: string; name: string }[] }>(admin, 'GET', `/api/v1/admin/hospitals/${organization_id}/roles`)
  const staff = roles.items.find((one) => one.name === 'staff')?.id
  await asked(admin, 'PATCH', `${members}/${items[0]?.id}`, { role_id: staff })
}

function any(below: number): number {
  return Math.floor(Math.random() * below)
}
