import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { asProblem } from '@/api/client'
import { getProviderOrdersOptions, listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { replaceProviderOrders } from '@/api/generated/sdk.gen'
import type { OrdersOut } from '@/api/generated/types.gen'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { KINDS } from './kinds'
import { OrderOfKind } from './order-kind'
import { useOrderWords } from './order-words'
import { findings, withList, type Orders } from './orders'
import type { Provider } from './provider-panel'

const STEPS = 50 // that many changes can be taken back, one by one

/** Who is asked first, for each kind of work: the organization's order, changed as a whole and saved at once. */
export function ProviderOrders() {
  const orders = useQuery(getProviderOrdersOptions())
  const providers = useQuery(listProvidersOptions())
  return (
    <Loaded query={orders} lines={8}>
      {(kept) => <Loaded query={providers}>{(all) => <Editor kept={kept} providers={all.providers} />}</Loaded>}
    </Loaded>
  )
}

/** The changes so far, oldest first, each the whole order; and what was kept when they began. */
interface Draft {
  steps: Orders[]
  since: number
}

function Editor({ kept, providers }: { kept: OrdersOut; providers: Provider[] }) {
  const say = useOrderWords()
  const common = useCommonWords()
  const time = useTime()
  const { may } = useSession()
  const mayWrite = may('providers:write') && useMe().organization_id !== null
  const [draft, setDraft] = useState<Draft>({ steps: [], since: kept.version })
  const now = draft.steps.at(-1) ?? kept.orders
  const save = useSave(kept, () => setDraft({ steps: [], since: kept.version }))
  const change = (orders: Orders) => {
    save.reset()
    setDraft(({ steps, since }) => ({ steps: [...steps, orders].slice(-STEPS), since: steps.length > 0 ? since : kept.version }))
  }
  const refused = save.isError ? findings(save.variables, providers, asProblem(save.error).context) : {}
  const isChanged = draft.steps.length > 0
  useUnsaved(isChanged)
  const back = (left: number) => {
    save.reset()
    setDraft(({ steps, since }) => ({ steps: steps.slice(0, left), since }))
  }
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-prose text-sm text-soft">
        {say('hint')} {kept.changed_at && say('by', { when: time.ago(kept.changed_at) })}
      </p>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        {KINDS.map((kind) => (
          <OrderOfKind
            key={kind}
            kind={kind}
            lists={now[kind]}
            inForce={kept.orders[kind] ? null : (kept.in_force[kind] ?? {})}
            providers={providers}
            mayWrite={mayWrite}
            found={(place) => refused[`${kind}.${place}`]}
            change={(language, list) => change(withList(now, kind, language, list))}
          />
        ))}
      </div>
      {isChanged && (
        <div className="sticky bottom-0 z-10 flex flex-wrap items-center gap-2 rounded-xl border border-line bg-panel p-3 shadow-lg">
          {save.isError && (
            <div className="w-full">
              {Object.keys(refused).length > 0 ? (
                <p role="alert" className="text-sm font-medium text-bad">
                  {say('notSaved')}
                </p>
              ) : (
                <Refused error={save.error} />
              )}
            </div>
          )}
          <p role="status" className="min-w-0 flex-1 basis-72 text-sm">
            {draft.since === kept.version ? say('unsaved') : <span className="text-warn">{say('meanwhile')}</span>}
          </p>
          <span className="flex flex-wrap gap-2">
            <Button onClick={() => back(draft.steps.length - 1)}>{common('undo')}</Button>
            <Button onClick={() => back(0)}>{say('discard')}</Button>
            <Button kind="primary" busy={save.isPending} onClick={() => save.mutate(now)}>
              {common('save')}
            </Button>
          </span>
        </div>
      )}
    </div>
  )
}

/** Saves an order in the place of the one that is shown, and of no other; the notice of it puts the one before back. */
function useSave(kept: OrdersOut, onSaved: () => void) {
  const say = useOrderWords()
  const tell = useTell()
  const cache = useQueryClient()
  const { queryKey } = getProviderOrdersOptions()
  const put = async (orders: Orders, version: number) => {
    const headers = { 'if-match': `"${version}"` }
    const { data } = await replaceProviderOrders({ body: { orders }, headers, throwOnError: true })
    cache.setQueryData(queryKey, data)
    return data
  }
  return useMutation({
    mutationFn: async (orders: Orders) => ({ before: kept.orders, saved: await put(orders, kept.version) }),
    onError: () => cache.invalidateQueries({ queryKey }), // who was faster is told, with their order
    onSuccess: ({ before, saved }) => {
      onSaved()
      tell(say('saved'), () => void put(before, saved.version).then(() => tell(say('undone')), tell.refusal))
      const known = [...new Set(Object.values(saved.warnings ?? {}))]
      if (known.length > 0) tell(`${say('told')}: ${known.join(' ')}`)
    },
  })
}
