import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { listPhoneLinesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listPhoneCalls } from '@/api/generated/sdk.gen'
import type { CallOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Badge, type Tone } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { clock, useTime } from '@/ui/time'
import { Call } from './call'
import { PlaceCall } from './place-call'
import { usePhoneWords } from './words'

const TONES: Partial<Record<CallOut['status'], Tone>> = { completed: 'good', answered: 'brand', failed: 'bad', busy: 'warn', no_answer: 'warn' }

export function Status({ of }: { of: CallOut['status'] }) {
  const say = usePhoneWords()
  return <Badge tone={TONES[of] ?? 'neutral'}>{say(`status_${of}`)}</Badge>
}

export function Calls() {
  const say = usePhoneWords()
  const time = useTime()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const { may } = useSession()
  const { line, call } = useSearch({ strict: false }) as { line?: string; call?: string }
  const [placing, setPlacing] = useState(false)
  const lines = useQuery(listPhoneLinesOptions({ query: { limit: 200 } }))
  const look = (change: { line?: string; call?: string }) => void navigate({ to: '/phone', search: { tab: 'calls', line, ...change }, replace: true })
  const order = useOrder(['created_at', 'seconds'], '-created_at')
  const rows = useRows(['phone-calls', line, order.sort], async (cursor) => {
    const { data } = await listPhoneCalls({ query: { cursor, sort: order.sort, phone_line_id: line }, throwOnError: true })
    return data
  })
  const columns: Column<CallOut>[] = [
    { name: say('when'), cell: (row) => time.moment(row.created_at), sort: 'created_at' },
    { name: say('way'), cell: (row) => say(`direction_${row.direction}`) },
    { name: say('number'), cell: (row) => row.number ?? '–' },
    { name: say('line'), cell: (row) => lines.data?.items.find((one) => one.id === row.line_id)?.name ?? '–' },
    { name: say('status'), cell: (row) => <Status of={row.status} /> },
    { name: say('length'), cell: (row) => (row.seconds === null ? '–' : clock(row.seconds)), numeric: true, sort: 'seconds' },
  ]
  const choices = (lines.data?.items ?? []).map((one) => ({ value: one.id, label: one.name }))
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-end justify-between gap-3">
        <div className="w-full sm:w-64">
          <SelectField label={say('line')} value={line ?? ''} onChange={(event) => look({ line: event.target.value || undefined })} options={[{ value: '', label: say('allLines') }, ...choices]} />
        </div>
        {may('phone:write') && choices.length > 0 && (
          <Button kind="primary" aria-haspopup="dialog" onClick={() => setPlacing(true)}>
            {say('place')}
          </Button>
        )}
      </div>
      <Table
        order={order}
        caption={say('calls')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({ to: '/phone', search: { tab: 'calls', line, call: row.id } })}
        empty={<Empty title={say('callsNone')}>{say('callsNoneHint')}</Empty>}
      />
      <Dialog open={placing} title={say('place')} onClose={() => setPlacing(false)}>
        <PlaceCall
          lines={lines.data?.items.filter((one) => one.active) ?? []}
          onPlaced={(id) => {
            setPlacing(false)
            void cache.invalidateQueries({ queryKey: ['phone-calls'] })
            look({ call: id })
          }}
        />
      </Dialog>
      <Dialog open={call !== undefined} title={say('call')} onClose={() => look({ call: undefined })}>
        {call && <Call id={call} />}
      </Dialog>
    </div>
  )
}
