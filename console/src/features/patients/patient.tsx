// One patient's record: who they are, what happened, what they agreed to, and who looked.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { asProblem } from '@/api/client'
import {
  getPatientOptions,
  listAuditEntriesOptions,
  listNotesOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import type { PatientOut } from '@/api/generated/types.gen'
import { AskForAccess } from '@/features/break-glass/ask'
import { Closed } from '@/features/break-glass/closed'
import { useMayBreakGlass } from '@/features/break-glass/may-see'
import { ConsultationTable } from '@/features/consultations/consultations'
import { Documents } from '@/features/documents/documents'
import { useTemplateNames } from '@/features/notes/template-names'
import { useNoteWords } from '@/features/notes/words'
import { useActionName, useEntityName } from '@/i18n/audit-names'
import { useLanguageName } from '@/i18n/language-names'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Badge, Page, PageOf, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { ChangePatient } from './change-patient'
import { Consents } from './consents'
import { GENDERS } from './details'
import { DuplicatesOf } from './duplicates'
import { Erase } from './erase'
import { Export } from './export'
import { Holds } from './holds'
import { nameOf } from './patients'
import { Timeline } from './timeline'
import { usePatientWords } from './words'

const TABS = ['overview', 'consultations', 'documents', 'notes', 'consents', 'duplicates', 'rights', 'access'] as const
type Tab = (typeof TABS)[number]

/** What one must be allowed to for a tab to be there; whoever sees the record sees the others. */
const NEEDED: Partial<Record<Tab, readonly string[]>> = {
  access: ['audit:read'],
  documents: ['documents:read'],
  duplicates: ['patients:merge'],
  notes: ['notes:read'],
  rights: ['patients:export', 'retention:write', 'patients:erase'],
}

export function PatientRecord() {
  const { patientId } = useParams({ strict: false }) as { patientId: string }
  const { may } = useSession()
  const query = useQuery(getPatientOptions({ path: { patient_id: patientId } }))
  if (asProblem(query.error).status === 403 && may('break_glass:use')) return <Closed patientId={patientId} />
  return (
    <PageOf query={query}>
      {(patient) => <Record key={patientId} patient={patient} asked={patientId} />}
    </PageOf>
  )
}

function Record({ patient, asked }: { patient: PatientOut; asked: string }) {
  const say = usePatientWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const [changing, setChanging] = useState(false)
  const closed = useMayBreakGlass()
  const shown = TABS.filter((one) => may(...(NEEDED[one] ?? ['patients:read', 'own:read'])))
  const tab = useTab(shown) ?? 'overview'
  return (
    <Page
      title={nameOf(patient)}
      hint={[patient.record_number, common('zone', { zone: ZONE })].filter(Boolean).join(' · ')}
      actions={
        <>
          {closed && <AskForAccess patientId={patient.id} />}
          {may('patients:write') && (
          <Button aria-haspopup="dialog" onClick={() => setChanging(true)}>
            <Pencil aria-hidden className="size-4" />
            {say('change')}
          </Button>
          )}
        </>
      }
    >
      {patient.id !== asked && <p className="rounded-xl bg-warn-wash p-4 text-sm">{say('mergedInto')}</p>}
      <ChangePatient patient={patient} open={changing} onClose={() => setChanging(false)} />
      <Tabs
        label={nameOf(patient)}
        value={tab}
        options={shown.map((value) => ({ value, label: say(value) }))}
        onChange={(next) =>
          void navigate({ to: '/patients/$patientId', params: { patientId: patient.id }, search: { tab: next } })
        }
      >
        {tab === 'overview' && (
          <div className="flex flex-col gap-4">
            <Overview patient={patient} />
            <Timeline patientId={patient.id} />
          </div>
        )}
        {tab === 'consultations' && <ConsultationTable patientId={patient.id} />}
        {tab === 'documents' && <Documents patientId={patient.id} />}
        {tab === 'notes' && <Notes patientId={patient.id} />}
        {tab === 'consents' && <Consents patient={patient} />}
        {tab === 'duplicates' && <DuplicatesOf patient={patient} />}
        {tab === 'rights' && <Rights patient={patient} />}
        {tab === 'access' && <Access patientId={patient.id} />}
      </Tabs>
    </Page>
  )
}

function Overview({ patient }: { patient: PatientOut }) {
  const say = usePatientWords()
  const languageOf = useLanguageName()
  const time = useTime()
  const gender = GENDERS.find((one) => one === patient.gender)
  const facts: [string, string | null | undefined][] = [
    [say('birthDate'), patient.birth_date && time.date(patient.birth_date)],
    [say('gender'), gender && say(`gender_${gender}`)],
    [say('phone'), patient.phone],
    [say('email'), patient.email],
    [say('address'), patient.address],
    [say('recordNumber'), patient.record_number],
    [say('language'), languageOf(patient.language)],
  ]
  return (
    <Panel>
      <dl className="grid gap-4 text-sm sm:grid-cols-2">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="text-soft">{name}</dt>
            <dd className="break-words">{value || '–'}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}

function Rights({ patient }: { patient: PatientOut }) {
  const { may } = useSession()
  return (
    <div className="flex flex-col gap-4">
      {may('patients:export') && <Export patientId={patient.id} />}
      {may('retention:write') && <Holds patientId={patient.id} />}
      {may('patients:erase') && <Erase patient={patient} />}
    </div>
  )
}

function Notes({ patientId }: { patientId: string }) {
  const say = usePatientWords()
  const note = useNoteWords()
  const nameOfTemplate = useTemplateNames()
  const time = useTime()
  const query = useQuery(listNotesOptions({ query: { patient_id: patientId, limit: 50 } }))
  return (
    <Panel>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-soft">{say('notesNone')}</p>
          ) : (
            <ul className="divide-y divide-line text-sm">
              {items.map((one) => (
                <li key={one.id} className="flex flex-wrap justify-between gap-2 py-3">
                  <Link to="/notes/$noteId" params={{ noteId: one.id }} className="text-brand underline-offset-4 hover:underline">
                    {nameOfTemplate(one.template)} · {time.moment(one.created_at)}
                  </Link>
                  <Badge tone={one.status === 'approved' ? 'good' : 'brand'}>{note(one.status)}</Badge>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}

function Access({ patientId }: { patientId: string }) {
  const say = usePatientWords()
  const actionOf = useActionName()
  const entityOf = useEntityName()
  const time = useTime()
  const query = useQuery(listAuditEntriesOptions({ query: { patient_id: patientId, limit: 50 } }))
  return (
    <Panel>
      <p className="mb-3 text-sm text-soft">{say('accessHint')}</p>
      <Loaded query={query}>
        {({ items }) => (
          <ul className="divide-y divide-line text-sm">
            {items.map((one) => (
              <li key={one.id} className="flex flex-wrap justify-between gap-2 py-2">
                <span>
                  {actionOf(one.action)} · {entityOf(one.entity)}
                </span>
                <span className="text-soft">
                  {[one.member, time.moment(one.at), one.address].filter(Boolean).join(' · ')}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
