// Patients who were erased, and the certificate of each: all that is left of them.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { getErasureOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listErasures } from '@/api/generated/sdk.gen'
import type { ErasureOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge } from '@/ui/page'
import { save } from '@/ui/save'
import { Empty, Loaded } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useErasureWords } from './erasure-words'

const LOOK_AGAIN_MS = 1_000
const REASONS = ['patient_request', 'law', 'mistake', 'retention'] as const

export function Erasures() {
  const say = useErasureWords()
  const time = useTime()
  const navigate = useNavigate()
  const { erasure } = useSearch({ strict: false }) as { erasure?: string }
  const show = (id?: string) => void navigate({ to: '/privacy', search: { tab: 'erasures', erasure: id } })
  const order = useOrder(['created_at'], '-created_at')
  const rows = useRows(['erasures', order.sort], async (cursor) => (await listErasures({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const columns: Column<ErasureOut>[] = [
    { name: say('asked'), cell: (row) => time.moment(row.created_at), sort: 'created_at' },
    { name: say('because'), cell: (row) => <Because erasure={row} /> },
    { name: say('state'), cell: (row) => <State erasure={row} /> },
    {
      name: '',
      cell: (row) => (
        <Button size="small" aria-haspopup="dialog" aria-label={`${say('certificate')}: ${time.moment(row.created_at)}`} onClick={() => show(row.id)}>
          {say('certificate')}
        </Button>
      ),
    },
  ]
  return (
    <>
      <Table
        order={order}
        caption={say('caption')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        empty={<Empty title={say('none')}>{say('noneHint')}</Empty>}
      />
      <Dialog open={Boolean(erasure)} title={say('certificate')} onClose={() => show()}>
        {erasure && <Certificate id={erasure} />}
      </Dialog>
    </>
  )
}

function Because({ erasure }: { erasure: ErasureOut }) {
  const say = useErasureWords()
  const known = REASONS.find((one) => one === erasure.reason)
  return <>{known ? say(`because_${known}`) : erasure.reason}</>
}

function State({ erasure }: { erasure: ErasureOut }) {
  const say = useErasureWords()
  const done = erasure.status === 'erased'
  return <Badge tone={done ? 'good' : 'brand'}>{say(done ? 'certified' : 'erasing')}</Badge>
}

function Certificate({ id }: { id: string }) {
  const say = useErasureWords()
  const query = useQuery({
    ...getErasureOptions({ path: { erasure_id: id } }),
    refetchInterval: ({ state }) => (state.data?.status === 'erasing' ? LOOK_AGAIN_MS : false),
  })
  return (
    <Loaded query={query}>
      {(one) => (
        <div className="flex flex-col gap-4 text-sm" role="status">
          <Facts erasure={one} />
          {one.certificate ? (
            <Signed certificate={one.certificate} id={one.id} />
          ) : (
            <label className="flex flex-col gap-2">
              {say('beingSigned')}
              <progress className="h-2 w-full accent-brand" />
            </label>
          )}
        </div>
      )}
    </Loaded>
  )
}

const COUNTED = ['keys', 'consultations', 'messages', 'recordings', 'documents', 'notes', 'appointments_cancelled', 'export_files'] as const

function Facts({ erasure }: { erasure: ErasureOut }) {
  const say = useErasureWords()
  const time = useTime()
  const facts: [string, string][] = [
    [say('patient'), erasure.patient_id],
    [say('asked'), time.moment(erasure.created_at)],
    [say('erasedAt'), erasure.erased_at ? time.moment(erasure.erased_at) : '–'],
    ...COUNTED.filter((one) => erasure.counts[one]).map((one): [string, string] => [
      say(`count_${one}`),
      time.number(erasure.counts[one] ?? 0),
    ]),
  ]
  return (
    <>
      <p>
        <Because erasure={erasure} /> · <State erasure={erasure} />
      </p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="break-all tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function Signed({ certificate, id }: { certificate: NonNullable<ErasureOut['certificate']>; id: string }) {
  const say = useErasureWords()
  const text = JSON.stringify(certificate, null, 2)
  return (
    <>
      <p>{say('signed')}</p>
      <p className="text-xs break-all text-soft">Ed25519 {String(certificate.signature)}</p>
      <div>
        <Button kind="primary" onClick={() => save(new Blob([text], { type: 'application/json' }), `erasure-${id}.json`)}>
          <Download aria-hidden className="size-4" />
          {say('keep')}
        </Button>
      </div>
    </>
  )
}
