// What happened with a patient on one line of time, newest first: appointments, conversations, notes, files.
import { useQueries } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { CalendarDays, FileText, Files, MessagesSquare, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import {
  listAppointmentsOptions,
  listConsultationsOptions,
  listDocumentsOptions,
  listNotesOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import { State } from '@/features/appointments/state'
import { useConsultationWords } from '@/features/consultations/words'
import { useDocumentWords } from '@/features/documents/words'
import { useTemplateNames } from '@/features/notes/template-names'
import { useNoteWords } from '@/features/notes/words'
import { useConsultationTypeName } from '@/i18n/names'
import { useSession } from '@/session/session'
import { Badge, Panel } from '@/ui/page'
import { Refused, Skeleton } from '@/ui/states'
import { useTime } from '@/ui/time'
import { usePatientWords } from './words'

const EACH = 20 // of a kind; the tabs show all

interface Happening {
  id: string
  at: string
  icon: LucideIcon
  kind: string
  what: string
  state: ReactNode
  to: LinkProps
}

export function Timeline({ patientId }: { patientId: string }) {
  const say = usePatientWords()
  const time = useTime()
  const { happenings, pending, error, more } = useHappenings(patientId)
  return (
    <Panel title={say('timeline')}>
      {error !== null && <Refused error={error} />}
      {pending && <Skeleton />}
      {!pending && happenings.length === 0 && error === null && <p className="text-sm text-soft">{say('timelineNone')}</p>}
      <ol className="divide-y divide-line text-sm">
        {happenings.map(({ id, at, icon: Icon, kind, what, state, to }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-3">
            <Icon aria-hidden className="size-5 shrink-0 text-soft" />
            <span className="min-w-0 flex-1">
              <Link {...to} className="font-medium break-words text-brand underline-offset-4 hover:underline">
                {kind} · {what}
              </Link>
              <span className="block text-soft">{time.moment(at)}</span>
            </span>
            {state}
          </li>
        ))}
      </ol>
      {more && <p className="pt-3 text-sm text-soft">{say('timelineMore', { most: EACH })}</p>}
    </Panel>
  )
}

/** What its reader may see of it; a kind that is not theirs is not asked for. */
function useAsked(patientId: string) {
  const { may } = useSession()
  const query = { patient_id: patientId, limit: EACH }
  return useQueries({
    queries: [
      { ...listAppointmentsOptions({ query }), enabled: may('appointments:read') },
      { ...listConsultationsOptions({ query }), enabled: may('consultations:read') },
      { ...listNotesOptions({ query }), enabled: may('notes:read') },
      { ...listDocumentsOptions({ query }), enabled: may('documents:read') },
    ],
  })
}

function useHappenings(patientId: string) {
  const say = usePatientWords()
  const consultation = useConsultationWords()
  const document = useDocumentWords()
  const note = useNoteWords()
  const typeOf = useConsultationTypeName()
  const templateOf = useTemplateNames()
  const [appointments, consultations, notes, documents] = useAsked(patientId)
  const asked = [appointments, consultations, notes, documents]
  const happenings: Happening[] = [
    ...(appointments.data?.items ?? []).map((one): Happening => ({
      id: one.id,
      at: one.starts_at,
      icon: CalendarDays,
      kind: say('appointment'),
      what: one.reason || typeOf(one.type),
      state: <State of={one.status} />,
      to: { to: '/appointments', search: { appointment: one.id } as never },
    })),
    ...(consultations.data?.items ?? []).map((one): Happening => ({
      id: one.id,
      at: one.created_at,
      icon: MessagesSquare,
      kind: say('conversation'),
      what: typeOf(one.type),
      state: <Badge tone={one.status === 'active' ? 'brand' : 'neutral'}>{consultation(one.status)}</Badge>,
      to: { to: '/consultations/$consultationId', params: { consultationId: one.id } },
    })),
    ...(notes.data?.items ?? []).map((one): Happening => ({
      id: one.id,
      at: one.created_at,
      icon: FileText,
      kind: say('note'),
      what: templateOf(one.template),
      state: <Badge tone={one.status === 'approved' ? 'good' : 'brand'}>{note(one.status)}</Badge>,
      to: { to: '/notes/$noteId', params: { noteId: one.id } },
    })),
    ...(documents.data?.items ?? []).map((one): Happening => ({
      id: one.id,
      at: one.created_at,
      icon: Files,
      kind: say('file'),
      what: one.name,
      state: one.status === 'deleted' ? null : <Badge tone={one.status === 'failed' ? 'bad' : 'neutral'}>{document(`status_${one.status}`)}</Badge>,
      to: { to: '/patients/$patientId', params: { patientId }, search: { tab: 'documents' } as never },
    })),
  ]
  return {
    happenings: happenings.sort((a, b) => Date.parse(b.at) - Date.parse(a.at)),
    pending: asked.some((one) => one.isLoading),
    error: asked.find((one) => one.error)?.error ?? null,
    more: asked.some((one) => one.data?.next),
  }
}
