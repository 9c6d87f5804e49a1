// One patient's record: who they are, what happened, what they agreed to, and who looked.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import {
  getConsentsOptions,
  getPatientOptions,
  listAuditEntriesOptions,
  listNotesOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import type { PatientOut } from '@/api/generated/types.gen'
import { ConsultationTable } from '@/features/consultations/consultations'
import { Documents } from '@/features/documents/documents'
import { useSession } from '@/session/session'
import { Badge, Page, PageOf, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Link } from '@tanstack/react-router'
import { nameOf } from './patients'
import { usePatientWords } from './words'

const TABS = ['overview', 'consultations', 'documents', 'notes', 'consents', 'access'] as const
type Tab = (typeof TABS)[number]

export function PatientRecord() {
  const { patientId } = useParams({ strict: false }) as { patientId: string }
  const query = useQuery(getPatientOptions({ path: { patient_id: patientId } }))
  return (
    <PageOf query={query}>
      {(patient) => <Record patient={patient} />}
    </PageOf>
  )
}

function Record({ patient }: { patient: PatientOut }) {
  const say = usePatientWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const { tab = 'overview' } = useSearch({ strict: false }) as { tab?: Tab }
  const shown = TABS.filter(
    (one) => (one !== 'access' || may('audit:read')) && (one !== 'notes' || may('notes:read')) && (one !== 'documents' || may('documents:read')),
  )
  return (
    <Page
      title={nameOf(patient)}
      hint={[patient.record_number, common('zone', { zone: ZONE })].filter(Boolean).join(' · ')}
    >
      <Tabs
        label={nameOf(patient)}
        value={tab}
        options={shown.map((value) => ({ value, label: say(value) }))}
        onChange={(next) =>
          void navigate({ to: '/patients/$patientId', params: { patientId: patient.id }, search: { tab: next } })
        }
      >
        {tab === 'overview' && <Overview patient={patient} />}
        {tab === 'consultations' && <ConsultationTable patientId={patient.id} />}
        {tab === 'documents' && <Documents patientId={patient.id} />}
        {tab === 'notes' && <Notes patientId={patient.id} />}
        {tab === 'consents' && <Consents patientId={patient.id} />}
        {tab === 'access' && <Access patientId={patient.id} />}
      </Tabs>
    </Page>
  )
}

function Overview({ patient }: { patient: PatientOut }) {
  const say = usePatientWords()
  const time = useTime()
  const known = ['female', 'male', 'other', 'unknown'] as const
  const gender = known.find((one) => one === patient.gender)
  const facts: [string, string | null | undefined][] = [
    [say('birthDate'), patient.birth_date && time.date(patient.birth_date)],
    [say('gender'), gender && say(`gender_${gender}`)],
    [say('phone'), patient.phone],
    [say('email'), patient.email],
    [say('address'), patient.address],
    [say('recordNumber'), patient.record_number],
    [say('language'), patient.language],
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

function Notes({ patientId }: { patientId: string }) {
  const say = usePatientWords()
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
                    {one.template} · {time.moment(one.created_at)}
                  </Link>
                  <Badge tone={one.status === 'approved' ? 'good' : 'brand'}>{one.status}</Badge>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}

function Consents({ patientId }: { patientId: string }) {
  const say = usePatientWords()
  const time = useTime()
  const query = useQuery(getConsentsOptions({ path: { patient_id: patientId } }))
  return (
    <Panel>
      <Loaded query={query}>
        {({ history }) =>
          history.length === 0 ? (
            <p className="text-sm text-soft">{say('consentsNone')}</p>
          ) : (
            <ul className="divide-y divide-line text-sm">
              {history.map((one) => (
                <li key={one.id} className="flex flex-wrap items-center justify-between gap-2 py-3">
                  <span className="flex items-center gap-2">
                    {say(`kind_${one.kind}` as 'kind_ai_use')}
                    <Badge tone={one.decision === 'granted' ? 'good' : 'warn'}>{say(one.decision)}</Badge>
                  </span>
                  <span className="text-soft">{time.moment(one.created_at)}</span>
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
                  {one.action} · {one.entity}
                </span>
                <span className="text-soft">
                  {time.moment(one.at)} · {one.address || '–'}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
