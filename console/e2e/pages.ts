// Every page, by who sees it. axe walks them with each tab and each dialog (what opens one carries `aria-haspopup=dialog`),
// and the pictures show them.
import { expect, type Browser, type Page } from '@playwright/test'
import { ADMIN, agree, asked, CLINICIAN, pageOf, PATIENT, PLATFORM } from './people'

/** What the pages of one thing need to have something to show. */
export interface Furniture {
  consultation: string
  note: string
  agent: string
  patient: string
  evaluation: string
  organization: string
}

export const DOORS = ['/sign-in', '/forgotten', '/register', '/reset-password', '/invitation'] as const

/** Name of a page (its picture's too), and its path. */
export function pagesOf(has: Furniture): Record<string, Record<string, string>> {
  return {
    [CLINICIAN]: {
      'home-clinician': '/',
      consultations: '/consultations',
      consultation: `/consultations/${has.consultation}`,
      patients: '/patients',
      patient: `/patients/${has.patient}`,
      notes: '/notes',
      'note-review': `/notes/${has.note}`,
      live: '/live',
      hours: '/clinic',
      appointments: '/appointments',
    },
    [ADMIN]: {
      'home-admin': '/',
      knowledge: '/knowledge',
      'note-templates': '/note-templates',
      'note-template': '/note-templates/soap',
      evaluation: has.evaluation,
      agents: '/agents',
      agent: `/agents/${has.agent}`,
      tools: '/tools',
      members: '/members',
      providers: '/providers',
      clinic: '/clinic',
      'api-keys': '/api-keys',
      phone: '/phone',
      usage: '/usage',
      organization: '/organization',
      'patient-rights': `/patients/${has.patient}?tab=rights`,
      privacy: '/privacy',
      'fine-tuning': '/fine-tuning',
      audit: '/audit',
      account: '/account',
    },
    [PLATFORM]: {
      'home-platform': '/',
      organizations: '/organizations',
      'organization-platform': `/organizations/${has.organization}`,
      'usage-platform': '/usage',
    },
    [PATIENT]: {
      'home-patient': '/',
      talk: '/talk',
      'consultations-patient': '/consultations',
      'notes-patient': '/notes',
      'appointments-patient': '/appointments',
    },
  }
}

const SAID = [
  'My left ear has been ringing since last Monday and I hear badly on that side.',
  'I take metformin five hundred milligrams twice a day.',
  'I am allergic to penicillin, it gave me a rash.',
  'No fever and no discharge, but I feel dizzy when I stand up.',
  'I had a hearing test two years ago.',
]

/** A consultation by text, and a note drafted from it. */
export async function furnished(browser: Browser): Promise<Furniture> {
  const patient = await pageOf(browser, PATIENT)
  await patient.goto('/talk')
  await agree(patient)
  const { consultation_id } = await asked<{ consultation_id: string }>(patient, 'POST', '/api/v1/consultation/create', { type: 'text', language: 'en' })
  for (const text of SAID) await asked(patient, 'POST', '/api/v1/conversation/message', { consultation_id, text })
  await patient.context().close()
  const clinician = await pageOf(browser, CLINICIAN)
  const note = await asked<{ id: string }>(clinician, 'POST', '/api/v1/soap/generate?wait=30', { consultation_id })
  const patients = await asked<{ items: { id: string }[] }>(clinician, 'GET', '/api/v1/patients')
  const agents = await asked<{ items: { id: string }[] }>(clinician, 'GET', '/api/v1/agents')
  await clinician.context().close()
  const admin = await pageOf(browser, ADMIN)
  const evaluation = await evaluated(admin)
  await admin.context().close()
  const platform = await pageOf(browser, PLATFORM)
  const organizations = await asked<{ items: { id: string }[] }>(platform, 'GET', '/api/v1/admin/hospitals')
  await platform.context().close()
  return { consultation: consultation_id, note: note.id, agent: agents.items[0]?.id ?? '', patient: patients.items.at(-1)?.id ?? '', evaluation, organization: organizations.items.at(-1)?.id ?? '' }
}

const QUESTIONS = 'question,document,not_in_base\nHow long does a hearing test take?,Hearing tests,\nWho won the match?,,yes\n'

/** Questions that were put to the knowledge once; the page of what came of them. */
async function evaluated(admin: Page): Promise<string> {
  const file = { name: 'questions.csv', mimeType: 'text/csv', buffer: Buffer.from(QUESTIONS) }
  const sets = '/api/v1/rag/evaluations'
  const set = await asked<{ id: string }>(admin, 'POST', sets, { file, name: 'front desk' }, 'multipart')
  const run = await asked<{ id: string }>(admin, 'POST', `${sets}/${set.id}/runs`, { label: 'first' })
  const path = `${set.id}/runs/${run.id}`
  await expect.poll(async () => (await asked<{ status: string }>(admin, 'GET', `${sets}/${path}`)).status, { timeout: 60_000 }).toBe('done')
  return `/knowledge/evaluations/${path}`
}
