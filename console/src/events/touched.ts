// Which of the answers that a page holds an event makes old. Queries are named by their operation; the lists of
// `useRows` by the first word of their key.
import type { QueryKey } from '@tanstack/react-query'
import type * as operations from '@/api/generated/sdk.gen'
import type { Told } from './stream'

type Operation = keyof typeof operations

const CONSULTATION: Operation[] = ['listConsultations', 'getConsultation', 'listRecordings']
const NOTE: Operation[] = ['listNotes', 'listQueue', 'countQueue', 'getNote', 'listNoteVersions']
const PEOPLE: Operation[] = ['listMembers', 'getMember', 'listRoles', 'previewRole', 'listInvitations']
const PATIENT: Operation[] = ['listPatients', 'getPatient', 'getConsents', 'listDuplicatesOfPatient', 'listPatientMerges', 'getExport', 'getErasure']

interface Touched {
  operations: readonly Operation[]
  /** First words of `useRows` keys. */
  lists?: readonly string[]
}

/** By a whole kind, or by what stands before its dot. */
const TOUCHED: Record<string, Touched> = {
  alert: { operations: ['listAlerts'], lists: ['alerts'] },
  agent: { operations: ['listAgents', 'getAgent', 'listAgentVersions'], lists: ['agents'] },
  appointment: { operations: ['listAppointments', 'getAppointment', 'listFreeTimes'], lists: ['appointments'] },
  break_glass: { operations: ['listBreakGlass'], lists: ['break-glass'] },
  budget: { operations: ['getBudgets', 'listSpending', 'listWarnings', 'getHospitalBudget'], lists: ['budgets'] },
  consent: { operations: PATIENT },
  consultation: { operations: CONSULTATION, lists: ['consultations'] },
  'consultation.hand_over': { operations: [...CONSULTATION, 'listAlerts'], lists: ['consultations', 'alerts'] },
  'consultation.message': { operations: ['getTranscript'] }, // many a minute: no list shows it
  'consultation.observation': { operations: ['listObservations'] },
  document: { operations: ['listDocuments', 'getDocument'], lists: ['documents'] },
  erasure: { operations: ['getErasure'] },
  evaluation: { operations: ['listEvaluations', 'listEvaluationRuns', 'getEvaluationRun', 'listEvaluationResults'], lists: ['evaluations'] },
  export: { operations: ['getExport'] },
  finetune: { operations: ['listFinetuneExports'] },
  knowledge: { operations: ['listKnowledge', 'getKnowledge', 'getEmbedder'], lists: ['knowledge'] },
  member: { operations: PEOPLE, lists: ['members'] },
  note: { operations: NOTE, lists: ['notes'] },
  patient: { operations: PATIENT, lists: ['patients'] },
  phone: { operations: ['listPhoneCalls', 'readPhoneCall'], lists: ['phone-calls'] },
  recording: { operations: ['listRecordings', 'getRecording'] },
  replay: { operations: ['getReplay'] },
  role: { operations: PEOPLE, lists: ['members', 'roles'] },
  usage: { operations: ['listUsage', 'costBreakdown', 'listUsageRecomputations', 'getUsageRecomputation'], lists: ['usage'] },
}

const FOLLOWED = new Set<string>(Object.values(TOUCHED).flatMap((one) => [...one.operations, ...(one.lists ?? [])]))

type First = { _id?: string; path?: Record<string, unknown> } | string | undefined

function nameOf(first: First): string {
  return (typeof first === 'string' ? first : first?._id) ?? ''
}

/** Whether some event makes this answer old. */
export function followed(key: QueryKey): boolean {
  return FOLLOWED.has(nameOf(key[0] as First))
}

/** Whether this answer may be old after these events; `null` among them: after anything at all. */
export function touched(key: QueryKey, events: readonly (Told | null)[]): boolean {
  if (!followed(key)) return false
  const first = key[0] as First
  const name = nameOf(first)
  const path = typeof first === 'object' ? (first.path ?? {}) : {}
  return events.some((event) => event === null || (names(event, name) && !elsewhere(event, path)))
}

function names({ kind }: Told, name: string): boolean {
  const of = TOUCHED[kind] ?? TOUCHED[kind.split('.', 1)[0] ?? '']
  return of !== undefined && ((of.operations as readonly string[]).includes(name) || (of.lists?.includes(name) ?? false))
}

/** The event says which one it is of, and this answer is of another. */
function elsewhere({ subject }: Told, path: Record<string, unknown>): boolean {
  return Object.entries(path).some(([name, id]) => subject[name] !== undefined && subject[name] !== id)
}
