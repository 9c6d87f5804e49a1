// Who looked at whose record in an emergency, why and how often; ending an access that should not be.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { getMemberOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listBreakGlass, revokeBreakGlass } from '@/api/generated/sdk.gen'
import type { AccessOut } from '@/api/generated/types.gen'
import { stands } from '@/features/break-glass/time-left'
import { PatientName } from '@/features/patients/patient-name'
import { useMe } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge } from '@/ui/page'
import { Empty, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useEmergencyWords } from './emergency-words'

const ROWS = ['break-glass']

export function EmergencyAccesses() {
  const say = useEmergencyWords()
  const time = useTime()
  const [ending, setEnding] = useState<AccessOut | null>(null)
  const order = useOrder(['created_at'], '-created_at')
  const rows = useRows([...ROWS, order.sort], async (cursor) => (await listBreakGlass({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const columns: Column<AccessOut>[] = [
    { name: say('who'), cell: (row) => <MemberName id={row.member_id} /> },
    {
      name: say('whom'),
      cell: (row) => (
        <Link to="/patients/$patientId" params={{ patientId: row.patient_id }} className="text-brand underline-offset-4 hover:underline">
          <PatientName id={row.patient_id} />
        </Link>
      ),
    },
    { name: say('why'), cell: (row) => <span className="break-words">{row.reason}</span> },
    {
      name: say('when'),
      sort: 'created_at',
      cell: (row) => `${time.moment(row.created_at)} – ${time.time(row.revoked_at ?? row.expires_at)}`,
    },
    { name: say('reads'), cell: (row) => time.number(row.reads), numeric: true },
    { name: say('state'), cell: (row) => <State access={row} /> },
    {
      name: '',
      cell: (row) =>
        stands(row) && (
          <Button size="small" aria-haspopup="dialog" onClick={() => setEnding(row)}>
            {say('end')}
          </Button>
        ),
    },
  ]
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-prose text-sm text-soft">{say('hint')}</p>
      <Table
        order={order}
        caption={say('caption')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
      />
      <Dialog open={ending !== null} title={say('endTitle')} onClose={() => setEnding(null)}>
        {ending && <End access={ending} onClose={() => setEnding(null)} />}
      </Dialog>
    </div>
  )
}

function State({ access }: { access: AccessOut }) {
  const say = useEmergencyWords()
  if (stands(access)) return <Badge tone="bad">{say('open')}</Badge>
  return <Badge>{say(access.revoked_at ? 'ended' : 'expired')}</Badge>
}

function MemberName({ id }: { id: string }) {
  const me = useMe()
  const path = { hospital_id: me.organization_id ?? '', member_id: id }
  const { data } = useQuery({ ...getMemberOptions({ path }), staleTime: 300_000 })
  return <>{data ? [data.given_name, data.family_name].filter(Boolean).join(' ') || data.email : '…'}</>
}

function End({ access, onClose }: { access: AccessOut; onClose: () => void }) {
  const say = useEmergencyWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const end = useMutation({
    mutationFn: () => revokeBreakGlass({ path: { break_glass_id: access.id }, throwOnError: true }),
    onSuccess: () => {
      tell(say('endedNow'))
      onClose()
      return cache.invalidateQueries({ queryKey: ROWS })
    },
  })
  return (
    <>
      <p className="text-sm">{say('endHint')}</p>
      {end.isError && <Refused error={end.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button kind="danger" busy={end.isPending} onClick={() => end.mutate()}>
          {say('end')}
        </Button>
      </footer>
    </>
  )
}
