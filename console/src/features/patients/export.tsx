// Everything about a patient as one file: asked for, followed until it is made, taken once within an hour.
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { blobOf } from '@/api/client'
import { getExportOptions } from '@/api/generated/@tanstack/react-query.gen'
import { exportPatient } from '@/api/generated/sdk.gen'
import type { ExportOut } from '@/api/generated/types.gen'
import { useFailureWords } from '@/i18n/hindi'
import { Button } from '@/ui/button'
import { Panel } from '@/ui/page'
import { save } from '@/ui/save'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useRightsWords } from './rights-words'

const LOOK_AGAIN_MS = 1_500

export function Export({ patientId }: { patientId: string }) {
  const say = useRightsWords()
  const tell = useTell()
  const navigate = useNavigate()
  // The address holds the export's number, so that a reload finds it again: nothing else lists it.
  const { export: id } = useSearch({ strict: false }) as { export?: string }
  const ask = useMutation({
    mutationFn: () => exportPatient({ path: { patient_id: patientId }, throwOnError: true }),
    onSuccess: ({ data }) =>
      void navigate({ to: '.', search: (before: object) => ({ ...before, export: data.id }), replace: true } as never),
    onError: tell.refusal,
  })
  return (
    <Panel title={say('export')}>
      <p className="mb-3 max-w-prose text-sm text-soft">{say('exportHint')}</p>
      {id && <Progress key={id} id={id} />}
      <div className="mt-3">
        <Button busy={ask.isPending} onClick={() => ask.mutate()}>
          {say(id ? 'exportAgain' : 'exportAsk')}
        </Button>
      </div>
    </Panel>
  )
}

function Progress({ id }: { id: string }) {
  const say = useRightsWords()
  const failure = useFailureWords()
  const query = useQuery({
    ...getExportOptions({ path: { export_id: id } }),
    refetchInterval: ({ state }) => (state.data?.status === 'queued' ? LOOK_AGAIN_MS : false),
  })
  return (
    <div role="status" className="rounded-lg bg-sunken p-4 text-sm">
      <Loaded query={query} lines={1}>
        {(one) => {
          if (one.status === 'ready') return <Ready one={one} onTaken={() => void query.refetch()} />
          if (one.status === 'queued')
            return (
              <label className="flex flex-col gap-2">
                {say('exportMade')}
                <progress className="h-2 w-full accent-brand" />
              </label>
            )
          if (one.status === 'failed') return say('exportFailed', { code: one.failure_code ? failure(one.failure_code) : '' })
          return say(one.status === 'taken' ? 'exportTaken' : 'exportExpired')
        }}
      </Loaded>
    </div>
  )
}

function Ready({ one, onTaken }: { one: ExportOut; onTaken: () => void }) {
  const say = useRightsWords()
  const time = useTime()
  const tell = useTell()
  const take = useMutation({
    mutationFn: () => blobOf(`/api/v1/exports/${one.id}/download`, { method: 'POST' }),
    onSuccess: (zip) => save(zip, `export-${one.id}.zip`),
    onError: tell.refusal,
    onSettled: onTaken,
  })
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <div className="min-w-0">
        <p className="font-medium">
          {say('exportReady', { kb: time.number(Math.ceil((one.byte_size ?? 0) / 1024)), at: one.expires_at ? time.time(one.expires_at) : '–' })}
        </p>
        {one.content_hash && <p className="text-xs break-all text-soft">SHA-256 {one.content_hash}</p>}
      </div>
      <Button kind="primary" busy={take.isPending} onClick={() => take.mutate()}>
        <Download aria-hidden className="size-4" />
        {say('exportTake')}
      </Button>
    </div>
  )
}
