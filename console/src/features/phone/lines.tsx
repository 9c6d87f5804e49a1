import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { listAgentsOptions, readPhoneLineOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changePhoneLine, deletePhoneLine, listPhoneLines } from '@/api/generated/sdk.gen'
import type { LineOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Empty, Loaded, Refused, Skeleton } from '@/ui/states'
import { More, useRows } from '@/ui/table'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { LineAddresses } from './addresses'
import { carriersOptions } from './carriers'
import { LineCard } from './line-card'
import { LineForm } from './line-form'
import { usePhoneWords } from './words'

type Shown = 'edit' | 'addresses'

export function Lines() {
  const say = usePhoneWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const { may } = useSession()
  const writes = may('phone:write')
  const { line, show } = useSearch({ strict: false }) as { line?: string; show?: Shown }
  const look = (id?: string, what?: Shown) => void navigate({ to: '/phone', search: { tab: 'lines', line: id, show: what }, replace: true })
  const rows = useRows(['phone-lines'], async (cursor) => (await listPhoneLines({ query: { cursor, limit: 100 }, throwOnError: true })).data)
  const carriers = useQuery(carriersOptions())
  const agents = useQuery({ ...listAgentsOptions({ query: { limit: 100 } }), enabled: may('agents:read') })
  const [going, setGoing] = useState<LineOut | null>(null)
  const again = () => cache.invalidateQueries({ queryKey: ['phone-lines'] })
  const turn = useMutation({
    mutationFn: (one: LineOut) => changePhoneLine({ path: { phone_line_id: one.id }, body: { active: !one.active }, throwOnError: true }),
    onSuccess: ({ data }) => tell(say(data.active ? 'turnedOn' : 'turnedOff', { name: data.name }), () => turn.mutate(data)),
    onError: tell.refusal,
    onSettled: again,
  })
  const remove = useMutation({
    mutationFn: (one: LineOut) => deletePhoneLine({ path: { phone_line_id: one.id }, throwOnError: true }),
    onSuccess: (_, one) => {
      tell(say('removed', { name: one.name }))
      setGoing(null)
    },
    onSettled: again,
  })
  if (rows.isPending || carriers.isPending) return <Skeleton lines={6} />
  if (!rows.data) return <Refused error={rows.error} retry={() => void rows.refetch()} />
  const all = rows.data.pages.flatMap((page) => page.items)
  const without = carriers.data?.items.length === 0
  const agentName = (id: string) => agents.data?.items.find((one) => one.id === id)?.name
  const carrierName = (id: string) => carriers.data?.items.find((one) => one.id === id)?.name
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-sm text-soft">{say('linesHint')}</p>
        {writes && !without && (
          <Button kind="primary" aria-haspopup="dialog" onClick={() => look('new', 'edit')}>
            {say('addLine')}
          </Button>
        )}
      </div>
      {all.length === 0 ? (
        <Empty
          title={say('linesNone')}
          action={
            without && (
              <Button asChild>
                <Link to="/phone" search={{ tab: 'carriers' }}>
                  {say('carrierFirst')}
                </Link>
              </Button>
            )
          }
        >
          {say('linesNoneHint')}
        </Empty>
      ) : (
        <div className="grid gap-4 md:grid-cols-2">
          {all.map((one) => (
            <LineCard
              key={one.id}
              line={one}
              agent={agentName(one.agent_id)}
              carrier={carrierName(one.carrier_id)}
              busy={turn.isPending && turn.variables.id === one.id}
              onEdit={() => look(one.id, 'edit')}
              onAddresses={() => look(one.id, 'addresses')}
              onTurn={() => turn.mutate(one)}
              onDelete={() => setGoing(one)}
            />
          ))}
        </div>
      )}
      <More rows={rows} />
      <Dialog open={writes && line !== undefined && show !== undefined} title={say(line === 'new' ? 'addLine' : show === 'edit' ? 'changeLine' : 'addresses')} onClose={() => look()}>
        {line !== undefined && (
          <One id={line}>
            {(found) =>
              show === 'addresses' && found ? (
                <LineAddresses line={found} />
              ) : (
                <LineForm
                  line={found}
                  onDone={(made) => {
                    void again()
                    look(...(found === null ? ([made.id, 'addresses'] as const) : []))
                  }}
                />
              )
            }
          </One>
        )}
      </Dialog>
      <Confirm
        open={going !== null}
        title={say('removeTitle', { name: going?.name ?? '' })}
        action={common('delete')}
        busy={remove.isPending}
        error={remove.error}
        onDone={() => going && remove.mutate(going)}
        onClose={() => {
          setGoing(null)
          remove.reset()
        }}
      >
        <p>{say('removeLineHint')}</p>
      </Confirm>
    </div>
  )
}

function One({ id, children }: { id: string; children: (line: LineOut | null) => ReactNode }) {
  const query = useQuery({ ...readPhoneLineOptions({ path: { phone_line_id: id } }), enabled: id !== 'new', gcTime: 0 })
  if (id === 'new') return children(null)
  return <Loaded query={query}>{(line) => children(line)}</Loaded>
}
