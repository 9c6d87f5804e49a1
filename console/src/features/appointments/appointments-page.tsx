import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { listBookableProfessionalsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listAppointments } from '@/api/generated/sdk.gen'
import type { AppointmentOut } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Appointment } from './appointment'
import { Book } from './book'
import { State } from './state'
import { useAppointmentWords } from './words'

const TABS = ['upcoming', 'past'] as const
const HOUR_MS = 3_600_000

interface Shown {
  tab?: (typeof TABS)[number]
  appointment?: string
  /** Only theirs. */
  whose?: string
}

export function AppointmentsPage() {
  const say = useAppointmentWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const { may } = useSession()
  const shown = useSearch({ strict: false }) as Shown
  const { appointment } = shown
  const tab = useTab(TABS)
  const show = (change: Shown) => void navigate({ to: '/appointments', search: { ...shown, ...change } as never, replace: true })
  const [booking, setBooking] = useState(false)
  return (
    <Page
      title={say('title')}
      hint={common('zone', { zone: ZONE })}
      actions={
        may('appointments:write', 'own:book') && (
          <Button kind="primary" aria-haspopup="dialog" onClick={() => setBooking(true)}>
            {say('book')}
          </Button>
        )
      }
    >
      <Tabs label={say('title')} value={tab} options={TABS.map((value) => ({ value, label: say(value) }))} onChange={(next) => show({ tab: next })}>
        <List key={tab} past={tab === 'past'} shown={shown} onWhose={(whose) => show({ whose })} />
      </Tabs>
      <Dialog open={booking} title={say('book')} onClose={() => setBooking(false)}>
        <Book
          onDone={() => {
            setBooking(false)
            void cache.invalidateQueries({ queryKey: ['appointments'] })
          }}
        />
      </Dialog>
      <Dialog open={appointment !== undefined} title={say('appointment')} onClose={() => show({ appointment: undefined })}>
        {appointment && <Appointment key={appointment} id={appointment} />}
      </Dialog>
    </Page>
  )
}

function List({ past, shown, onWhose }: { past: boolean; shown: Shown; onWhose: (whose?: string) => void }) {
  const say = useAppointmentWords()
  const time = useTime()
  const own = !useSession().may('appointments:read') // who works here may have a record here too
  const names = useQuery(listBookableProfessionalsOptions())
  const { whose } = shown
  const edge = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString()
  const order = useOrder(['starts_at'], past ? '-starts_at' : 'starts_at')
  const rows = useRows(['appointments', past, whose, order.sort], async (cursor) => {
    const query = { ...(past ? { end: edge } : { start: edge }), professional_id: whose, cursor, sort: order.sort }
    return (await listAppointments({ query, throwOnError: true })).data
  })
  const columns: Column<AppointmentOut>[] = [
    { name: say('when'), cell: (row) => time.moment(row.starts_at), sort: 'starts_at' },
    ...(own ? [] : [{ name: say('patient'), cell: (row: AppointmentOut) => <PatientName id={row.patient_id} /> }]),
    { name: say('professional'), cell: (row) => names.data?.items.find((one) => one.id === row.professional_id)?.name ?? '–' },
    { name: say('reasonShown'), cell: (row) => row.reason || '–' },
    { name: say('state'), cell: (row) => <State of={row.status} /> },
  ]
  return (
    <div className="flex flex-col gap-4">
      {!own && (names.data?.items.length ?? 0) > 1 && (
        <div className="w-full sm:w-72">
          <SelectField
            label={say('professional')}
            value={whose ?? ''}
            onChange={(event) => onWhose(event.target.value || undefined)}
            options={[{ value: '', label: say('everybody') }, ...(names.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))]}
          />
        </div>
      )}
      <Table
        order={order}
        caption={say('title')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({ to: '/appointments', search: { ...shown, appointment: row.id } as never })}
        empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
      />
    </div>
  )
}
