import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { getEmbedderOptions } from '@/api/generated/@tanstack/react-query.gen'
import { cancelEmbedderChange } from '@/api/generated/sdk.gen'
import type { EmbedderChange, EmbedderOut, EmbedderState } from '@/api/generated/types.gen'
import { useFailureWords } from '@/i18n/hindi'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { ChangeEmbedder } from './change-embedder'
import { useSettingsWords } from './settings-words'

const LOOK_AGAIN_MS = 1_500

/** The model by which passages are found, and how far a change of it is. */
export function EmbedderPanel() {
  const say = useSettingsWords()
  const { may } = useSession()
  const [changing, setChanging] = useState(false)
  const query = useQuery({
    ...getEmbedderOptions(),
    refetchInterval: ({ state }) => (state.data?.change?.status === 'building' ? LOOK_AGAIN_MS : false),
  })
  return (
    <Panel title={say('embedder')}>
      <p className="mb-3 text-sm text-soft">{say('embedderHint')}</p>
      <Loaded query={query}>
        {(state) => (
          <div className="flex flex-col gap-4">
            <InUse embedder={state.in_use} />
            {state.change && <LastChange state={state} change={state.change} />}
            {may('providers:write') && state.change?.status !== 'building' && (
              <div>
                <Button aria-haspopup="dialog" onClick={() => setChanging(true)}>{say('change')}</Button>
              </div>
            )}
            <Dialog open={changing} title={say('change')} onClose={() => setChanging(false)}>
              <ChangeEmbedder inUse={state.in_use} onDone={() => setChanging(false)} />
            </Dialog>
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

function InUse({ embedder }: { embedder: EmbedderOut }) {
  const say = useSettingsWords()
  const time = useTime()
  return (
    <div className="flex flex-wrap items-center gap-2 text-sm">
      <Badge tone="good">{say('inUse')}</Badge>
      <span className="font-medium break-all">{embedder.provider ? embedder.name : say('installed')}</span>
      <span className="text-soft">
        {say('dimension', { n: time.number(embedder.dimension) })} · {say(embedder.multilingual ? 'writes' : 'latin')}
      </span>
    </div>
  )
}

function LastChange({ state, change }: { state: EmbedderState; change: EmbedderChange }) {
  const say = useSettingsWords()
  const failure = useFailureWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const named = (one: EmbedderOut) => (one.provider ? one.name : say('installed'))
  const cancel = useMutation({
    mutationFn: () => cancelEmbedderChange({ throwOnError: true }),
    onSuccess: ({ data }) => {
      tell(say('cancelled', { name: named(data.in_use) }))
      cache.setQueryData(getEmbedderOptions().queryKey, data)
    },
    onError: tell.refusal,
  })
  if (change.status === 'failed')
    return <p className="text-sm text-bad">{say('failed', { code: change.failure_code ? failure(change.failure_code) : '–', name: named(state.in_use) })}</p>
  if (change.status === 'cancelled') return <p className="text-sm text-soft">{say('lastCancelled')}</p>
  if (change.status !== 'building') return null
  const told = say('progress', { done: time.number(change.done), total: time.number(change.total), name: named(change) })
  return (
    <div className="flex flex-col gap-2 rounded-lg bg-sunken p-3 text-sm">
      <p role="status">{told}</p>
      <progress aria-label={told} max={Math.max(change.total, 1)} value={change.done} className="h-3 w-full accent-brand" />
      <div>
        <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
          {say('cancelChange')}
        </Button>
      </div>
    </div>
  )
}
