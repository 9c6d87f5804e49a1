import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { listBookableProfessionalsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { cancelAppointment, listAppointments, noteAppointmentOutcome } from '@/api/generated/sdk.gen'
import type { AppointmentOut } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { Tabs } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { Book } from './book'
import { useAppointmentWords } from './words'

const TABS = ['upcoming', 'past'] as const
const HOUR_MS = 3_600_000

export function AppointmentsPage() {
  const say = useAppointmentWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const { may } = useSession()
  const { tab = 'upcoming' } = useSearch({ strict: false }) as { tab?: (typeof TABS)[number] }
  const [booking, setBooking] = useState(false)
  return (
    <Page
      title={say('title')}
      hint={common('zone', { zone: ZONE })}
      actions={
        may('appointments:write', 'own:book') && (
          <Button aria-haspopup="dialog" kind="primary" onClick={() => setBooking(true)}>
            {say('book')}
          </Button>
        )
      }
    >
      <Tabs
        label={say('title')}
        value={tab}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/appointments', search: { tab: next } })}
      >
        <List key={tab} past={tab === 'past'} />
      </Tabs>
      <Dialog open={booking} title={say('book')} onClose={() => setBooking(false)}>
        <Book
          onDone={() => {
            setBooking(false)
            void cache.invalidateQueries({ queryKey: ['appointments'] })
          }}
        />
      </Dialog>
    </Page>
  )
}

function List({ past }: { past: boolean }) {
  const say = useAppointmentWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const own = useMe().patient_id !== null
  const names = useQuery(listBookableProfessionalsOptions())
  const edge = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString()
  const rows = useRows(['appointments', past], async (cursor) => {
    const { data } = await listAppointments({ query: { ...(past ? { end: edge } : { start: edge }), cursor }, throwOnError: true })
    return data
  })
  const settled = { onError: tell.refusal, onSettled: () => cache.invalidateQueries({ queryKey: ['appointments'] }) }
  const cancel = useMutation({
    mutationFn: (id: string) => cancelAppointment({ path: { appointment_id: id }, throwOnError: true }),
    onSuccess: () => tell(say('cancelled')),
    ...settled,
  })
  const outcome = useMutation({
    mutationFn: ({ id, came }: { id: string; came: boolean }) =>
      noteAppointmentOutcome({ path: { appointment_id: id }, body: { outcome: came ? 'kept' : 'missed' }, throwOnError: true }),
    ...settled,
  })
  const columns: Column<AppointmentOut>[] = [
    { name: say('when'), cell: (row) => time.moment(row.starts_at) },
    ...(own ? [] : [{ name: say('patient'), cell: (row: AppointmentOut) => <PatientName id={row.patient_id} /> }]),
    {
      name: say('professional'),
      cell: (row) => names.data?.items.find((one) => one.id === row.professional_id)?.name ?? '–',
    },
    { name: say('state'), cell: (row) => <Badge tone={row.status === 'cancelled' ? 'warn' : 'neutral'}>{say(`state_${row.status}`)}</Badge> },
    {
      name: '',
      cell: (row) =>
        row.status === 'booked' && (
          <span className="flex flex-wrap gap-2">
            {past && may('appointments:write') ? (
              <>
                <Button size="small" onClick={() => outcome.mutate({ id: row.id, came: true })}>
                  {say('kept')}
                </Button>
                <Button size="small" onClick={() => outcome.mutate({ id: row.id, came: false })}>
                  {say('missed')}
                </Button>
              </>
            ) : (
              !past && (
                <Button size="small" busy={cancel.isPending && cancel.variables === row.id} onClick={() => cancel.mutate(row.id)}>
                  {say('cancel')}
                </Button>
              )
            )}
          </span>
        ),
    },
  ]
  return (
    <Table
      caption={say('title')}
      columns={columns}
      rows={rows}
      keyOf={(row) => row.id}
      empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
    />
  )
}
