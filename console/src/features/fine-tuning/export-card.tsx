// One export: how far it is, what is in it and what is not, and its file.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { blobOf } from '@/api/client'
import { listFinetuneExportsQueryKey } from '@/api/generated/@tanstack/react-query.gen'
import type { FinetuneExportOut, AuricleFinetuneCollectWanted } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Badge, type Tone } from '@/ui/page'
import { save } from '@/ui/save'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { Contents } from './contents'
import { manifestOf, total } from './manifest'
import { useFineTuningWords } from './words'

const STATES = {
  queued: { tone: 'brand', name: 'making' },
  ready: { tone: 'good', name: 'ready' },
  failed: { tone: 'bad', name: 'stopped' },
  expired: { tone: 'neutral', name: 'expired' },
} as const satisfies Record<string, { tone: Tone; name: string }>

const FEWEST = 10 // examples, without which no maker begins

export function ExportCard({ one, open }: { one: FinetuneExportOut; open: boolean }) {
  const say = useFineTuningWords()
  const time = useTime()
  const state = STATES[one.status as keyof typeof STATES] ?? STATES.queued
  const manifest = one.manifest ? manifestOf(one.manifest) : null
  const examples = manifest ? total(manifest.examples) : 0
  return (
    <li className="flex flex-col gap-3 rounded-xl border border-line bg-panel p-4 sm:p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-center gap-2 font-semibold">
            {time.moment(one.created_at)}
            <span role="status">
              <Badge tone={state.tone}>{say(state.name)}</Badge>
            </span>
          </h2>
          <p className="text-sm text-soft">
            <Asked wanted={one.wanted as unknown as AuricleFinetuneCollectWanted} />
          </p>
          {one.status === 'ready' && one.expires_at && (
            <p className="text-sm text-soft">
              {say('readyUntil', { when: time.moment(one.expires_at) })}
              {one.taken > 0 && ` · ${one.taken === 1 ? say('takenOnce') : say('taken', { n: time.number(one.taken) })}`}
            </p>
          )}
        </div>
        {one.status === 'ready' && <Take id={one.id} usual={examples > 0} />}
      </div>
      {one.status === 'queued' && <progress aria-label={say('making')} className="h-2 w-full accent-brand" />}
      {one.status === 'failed' && <p className="text-sm">{say(one.failure_code === 'finetune.too_large' ? 'tooLarge' : 'failed')}</p>}
      {one.status === 'expired' && <p className="text-sm text-soft">{say('expiredHint')}</p>}
      {open && one.status === 'ready' && examples < FEWEST && <p className="rounded-lg bg-warn-wash p-3 text-sm">{say('few')}</p>}
      {manifest && <Contents manifest={manifest} one={one} open={open} />}
    </li>
  )
}

function Asked({ wanted }: { wanted: AuricleFinetuneCollectWanted }) {
  const say = useFineTuningWords()
  const time = useTime()
  const sources = wanted.sources ?? []
  return [
    say(`form_${wanted.form}`),
    sources.includes('notes') && say('notesShort'),
    sources.includes('conversations') && `${say('conversationsShort')} (${say('ratedNow', { n: wanted.least_score ?? 1 })})`,
    say('validationShort', { n: wanted.validation_percent ?? 0 }),
    wanted.since && say('fromDay', { day: time.date(wanted.since) }),
    wanted.until && say('untilDay', { day: time.date(wanted.until) }),
  ]
    .filter(Boolean)
    .join(' · ')
}

function Take({ id, usual }: { id: string; usual: boolean }) {
  const say = useFineTuningWords()
  const tell = useTell()
  const cache = useQueryClient()
  const name = `finetune-${id}.zip`
  const take = useMutation({
    mutationFn: () => blobOf(`/api/v1/finetune/exports/${id}/file`),
    onSuccess: (zip) => {
      save(zip, name)
      tell(say('downloaded', { name }))
    },
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: listFinetuneExportsQueryKey() }),
  })
  return (
    <Button kind={usual ? 'primary' : 'plain'} busy={take.isPending} onClick={() => take.mutate()}>
      <Download aria-hidden className="size-4" />
      {say('download')}
    </Button>
  )
}
