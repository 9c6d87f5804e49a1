import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { checkProvider } from '@/api/generated/sdk.gen'
import type { ListProvidersResponse } from '@/api/generated/types.gen'
import { useCapabilityName } from '@/i18n/names'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Failed } from '@/ui/failed'
import { Badge, Panel } from '@/ui/page'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { Offers } from './lists'
import { useListWords } from './lists-words'
import { useProviderWords } from './words'

export type Provider = ListProvidersResponse['providers'][number]

export function ProviderPanel({ provider }: { provider: Provider }) {
  const say = useProviderWords()
  const capability = useCapabilityName()
  const list = useListWords()
  const [listing, setListing] = useState(false)
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const check = useMutation({
    mutationFn: () => checkProvider({ path: { name: provider.name }, throwOnError: true }),
    // What came of it is told to whoever asked, and is in no list that is fetched again.
    onSuccess: ({ data }) =>
      cache.setQueryData(listProvidersOptions().queryKey, (known) =>
        known && { providers: known.providers.map((one) => (one.name === data.name ? data : one)) },
      ),
    onError: tell.refusal,
  })
  const warnings = Object.values(provider.warnings ?? {}).flat()
  return (
    <Panel
      title={provider.name}
      actions={
        may('providers:check') && (
          <Button size="small" busy={check.isPending} onClick={() => check.mutate()}>
            {say('check')}
          </Button>
        )
      }
    >
      <p className="flex flex-wrap gap-2">
        <Badge tone={provider.well ? 'good' : 'bad'}>{say(provider.well ? 'well' : 'unwell')}</Badge>
        {provider.is_own && <Badge tone="brand">{say('own')}</Badge>}
        {provider.is_local && <Badge>{say('local')}</Badge>}
        {provider.capabilities.map((one) => (
          <Badge key={one}>{capability(one)}</Badge>
        ))}
      </p>
      {provider.refused && (
        <p className="mt-2 text-sm">
          <Failed code={provider.refused} />
        </p>
      )}
      <ul className="mt-2 flex flex-col gap-1 text-sm">
        {(provider.checks ?? []).map((one) => (
          <li key={one.capability} className="flex justify-between gap-3">
            <span>{capability(one.capability)}</span>
            {one.ok ? (
              <span className="text-good">{time.number(Math.round(one.duration_ms))} ms</span>
            ) : (
              <Failed code={one.error_code ?? 'provider.failed'} />
            )}
          </li>
        ))}
      </ul>
      {provider.checked_at && <p className="mt-1 text-xs text-soft">{say('checked', { when: time.ago(provider.checked_at) })}</p>}
      {warnings.length > 0 && (
        <ul className="mt-2 flex list-disc flex-col gap-1 pl-5 text-sm text-soft">
          {warnings.map((text, n) => (
            <li key={n}>{String(text)}</li>
          ))}
        </ul>
      )}
      <Button size="small" aria-haspopup="dialog" className="mt-3" onClick={() => setListing(true)}>
        {list('lists')}
      </Button>
      <Dialog open={listing} title={list('listed', { name: provider.name })} onClose={() => setListing(false)}>
        <Offers name={provider.name} speaks={provider.capabilities.includes('tts')} />
      </Dialog>
    </Panel>
  )
}
