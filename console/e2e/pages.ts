// Every page, by who sees it. axe walks them with each tab and each dialog (what opens one carries `aria-haspopup=dialog`),
// and the pictures show them.
import type { Furniture } from './furniture'
import { ADMIN, CLINICIAN, PATIENT, PLATFORM, STAFF } from './people'

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
    [STAFF]: { 'home-staff': '/', emergency: '/emergency' },
    [PATIENT]: {
      'home-patient': '/',
      talk: '/talk',
      'consultations-patient': '/consultations',
      'notes-patient': '/notes',
      'appointments-patient': '/appointments',
    },
  }
}
