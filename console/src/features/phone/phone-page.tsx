import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { listPhoneLinesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { listPhoneCalls } from '@/api/generated/sdk.gen'
import type { CallOut } from '@/api/generated/types.gen'
import { Badge, Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { usePhoneWords } from './words'

export function PhonePage() {
  const say = usePhoneWords()
  const common = useCommonWords()
  const time = useTime()
  const lines = useQuery(listPhoneLinesOptions({ query: { limit: 100 } }))
  const rows = useRows(['phone-calls'], async (cursor) => (await listPhoneCalls({ query: { cursor }, throwOnError: true })).data)
  const columns: Column<CallOut>[] = [
    { name: say('when'), cell: (row) => time.moment(row.created_at) },
    { name: say('way'), cell: (row) => say(`direction_${row.direction}`) },
    { name: say('number'), cell: (row) => row.number ?? '–' },
    { name: say('status'), cell: (row) => <Badge tone={row.status === 'completed' ? 'good' : 'neutral'}>{row.status.replaceAll('_', ' ')}</Badge> },
    { name: say('length'), cell: (row) => (row.seconds === null || row.seconds === undefined ? '–' : say('seconds', { n: time.number(row.seconds) })), numeric: true },
    {
      name: '',
      cell: (row) =>
        row.consultation_id && (
          <Link to="/consultations/$consultationId" params={{ consultationId: row.consultation_id }} className="text-brand underline">
            {say('open')}
          </Link>
        ),
    },
  ]
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })}>
      <Loaded query={lines}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('linesNone')}>{say('linesNoneHint')}</Empty>
          ) : (
            <div className="grid gap-4 md:grid-cols-2">
              {items.map((one) => (
                <Panel key={one.id} title={one.name}>
                  <p className="flex flex-wrap items-center gap-2 text-sm">
                    <Badge tone={one.active ? 'good' : 'warn'}>{say(one.active ? 'active' : 'resting')}</Badge>
                    {one.kind} · {one.number} · {one.language}
                  </p>
                </Panel>
              ))}
            </div>
          )
        }
      </Loaded>
      <h2 className="text-lg font-semibold">{say('calls')}</h2>
      <Table caption={say('calls')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say('callsNone')} />} />
    </Page>
  )
}
