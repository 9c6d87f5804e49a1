import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listPhoneCarriersOptions, readPhoneCarrierOptions } from '@/api/generated/@tanstack/react-query.gen'
import { deletePhoneCarrier } from '@/api/generated/sdk.gen'
import type { CarrierOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Badge, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { CarrierForm } from './carrier-form'
import { KIND_NAMES } from './kinds'
import { usePhoneWords } from './words'

export const carriersOptions = () => listPhoneCarriersOptions({ query: { limit: 50 } }) // as many as there may be

export function Carriers() {
  const say = usePhoneWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const writes = useSession().may('phone:write')
  const query = useQuery(carriersOptions())
  const [editing, setEditing] = useState<string | null>(null)
  const [going, setGoing] = useState<CarrierOut | null>(null)
  const again = () => cache.invalidateQueries({ queryKey: carriersOptions().queryKey })
  const remove = useMutation({
    mutationFn: (one: CarrierOut) => deletePhoneCarrier({ path: { phone_carrier_id: one.id }, throwOnError: true }),
    onSuccess: (_, one) => {
      tell(say('removed', { name: one.name }))
      setGoing(null)
    },
    onSettled: again,
  })
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-sm text-soft">{say('carriersHint')}</p>
        {writes && (
          <Button kind="primary" aria-haspopup="dialog" onClick={() => setEditing('new')}>
            {say('addCarrier')}
          </Button>
        )}
      </div>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('carriersNone')}>{say('carriersNoneHint')}</Empty>
          ) : (
            <div className="grid gap-4 md:grid-cols-2">
              {items.map((one) => (
                <Carrier key={one.id} one={one} writes={writes} onEdit={() => setEditing(one.id)} onDelete={() => setGoing(one)} />
              ))}
            </div>
          )
        }
      </Loaded>
      <Dialog open={editing !== null} title={say(editing === 'new' ? 'addCarrier' : 'changeCarrier')} onClose={() => setEditing(null)}>
        {editing !== null && (
          <Editing
            id={editing}
            onDone={() => {
              setEditing(null)
              void again()
            }}
          />
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
        <p>{say('removeCarrierHint')}</p>
      </Confirm>
    </div>
  )
}

/** What is changed is read anew: somebody else may have changed it since the list came. */
function Editing({ id, onDone }: { id: string; onDone: () => void }) {
  const query = useQuery({ ...readPhoneCarrierOptions({ path: { phone_carrier_id: id } }), enabled: id !== 'new', gcTime: 0 })
  if (id === 'new') return <CarrierForm carrier={null} onDone={onDone} />
  return <Loaded query={query}>{(carrier) => <CarrierForm carrier={carrier} onDone={onDone} />}</Loaded>
}

function Carrier({ one, writes, onEdit, onDelete }: { one: CarrierOut; writes: boolean; onEdit: () => void; onDelete: () => void }) {
  const say = usePhoneWords()
  const common = useCommonWords()
  const time = useTime()
  const facts = [
    [say('accountId'), one.account_id],
    [say('networks'), one.networks.join(', ')],
    [say('url'), one.url],
    [say('added'), time.date(one.created_at)],
  ].filter(([, value]) => value)
  return (
    <Panel title={one.name} actions={<Badge tone="brand">{KIND_NAMES[one.kind]}</Badge>}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="break-all">{value}</dd>
          </div>
        ))}
      </dl>
      {writes && (
        <div className="mt-4 flex flex-wrap gap-2">
          <Button aria-haspopup="dialog" aria-label={`${common('edit')}: ${one.name}`} onClick={onEdit}>
            {common('edit')}
          </Button>
          <Button kind="quiet" aria-haspopup="dialog" aria-label={`${common('delete')}: ${one.name}`} onClick={onDelete}>
            {common('delete')}
          </Button>
        </div>
      )}
    </Panel>
  )
}
