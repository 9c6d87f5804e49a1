import { useNavigate, useSearch } from '@tanstack/react-router'
import { listConsultations } from '@/api/generated/sdk.gen'
import type { ConsultationOut, ConsultationStatus } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useConsultationTypeName } from '@/i18n/names'
import { useSession } from '@/session/session'
import { SelectField } from '@/ui/field'
import { Badge, Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { clock, useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { useConsultationWords } from './words'

export function Consultations() {
  const say = useConsultationWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { state } = useSearch({ strict: false }) as { state?: ConsultationStatus }
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })}>
      <div className="max-w-56">
        <SelectField
          label={say('filter')}
          value={state ?? ''}
          onChange={(event) => void navigate({ to: '/consultations', search: (before: object) => ({ ...before, state: event.target.value || undefined }) as never })}
          options={[
            { value: '', label: say('filterAll') },
            { value: 'active', label: say('active') },
            { value: 'ended', label: say('ended') },
          ]}
        />
      </div>
      <ConsultationTable state={state} />
    </Page>
  )
}

/** Consultations, newest first unless asked otherwise; of one patient where one is named. */
export function ConsultationTable({ state, patientId }: { state?: ConsultationStatus; patientId?: string }) {
  const say = useConsultationWords()
  const typeOf = useConsultationTypeName()
  const time = useTime()
  const { may } = useSession()
  const order = useOrder(['created_at'], '-created_at')
  const rows = useRows(['consultations', state, patientId, order.sort], async (cursor) => {
    const { data } = await listConsultations({ query: { state, patient_id: patientId, cursor, sort: order.sort }, throwOnError: true })
    return data
  })
  const started: Column<ConsultationOut> = { name: say('started'), cell: (row) => time.moment(row.created_at), sort: 'created_at' }
  const who: Column<ConsultationOut> = { name: say('patient'), cell: (row) => <PatientName id={row.patient_id} /> }
  const columns: Column<ConsultationOut>[] = [
    ...(!may('consultations:read') || patientId ? [started] : [who, started]),
    { name: say('type'), cell: (row) => typeOf(row.type) },
    {
      name: say('state'),
      cell: (row) => <Badge tone={row.status === 'active' ? 'brand' : 'neutral'}>{say(row.status)}</Badge>,
    },
    { name: say('length'), cell: (row) => clock(row.total_s), numeric: true },
  ]
  return (
    <Table
      order={order}
      caption={say('title')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      to={(row) => ({ to: '/consultations/$consultationId', params: { consultationId: row.id } })}
      empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
    />
  )
}
