import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { getEmbedderOptions, listKnowledgeOptions, listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeEmbedder } from '@/api/generated/sdk.gen'
import type { EmbedderOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useSettingsWords } from './settings-words'

const INSTALLED = ''

/** Says what a change costs before it is begun. */
export function ChangeEmbedder({ inUse, onDone }: { inUse: EmbedderOut; onDone: () => void }) {
  const query = useQuery(listProvidersOptions())
  return (
    <Loaded query={query}>
      {({ providers }) => (
        <Choosing
          inUse={inUse}
          accounts={providers.filter((one) => one.capabilities.includes('embedding') && one.vendor !== 'offline').map((one) => one.name)}
          onDone={onDone}
        />
      )}
    </Loaded>
  )
}

function Choosing({ inUse, accounts, onDone }: { inUse: EmbedderOut; accounts: string[]; onDone: () => void }) {
  const say = useSettingsWords()
  const tell = useTell()
  const cache = useQueryClient()
  const passages = usePassages()
  const choices = [
    ...(inUse.provider === null ? [] : [{ value: INSTALLED, label: say('installed') }]),
    ...accounts.map((name) => ({ value: name, label: name })),
  ]
  const [provider, setProvider] = useState(choices[0]?.value ?? INSTALLED)
  const [model, setModel] = useState('')
  const [multilingual, setMultilingual] = useState(false)
  const change = useMutation({
    mutationFn: () =>
      changeEmbedder({
        body: provider === INSTALLED ? {} : { provider, model: model.trim() || null, multilingual },
        throwOnError: true,
      }),
    onSuccess: ({ data }) => {
      tell(say('started'))
      cache.setQueryData(getEmbedderOptions().queryKey, data)
      onDone()
    },
  })
  const begin = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  if (choices.length === 0) return <p className="text-sm">{say('providerNone')}</p>
  return (
    <form onSubmit={begin} className="flex flex-col gap-4">
      <SelectField label={say('provider')} value={provider} onChange={(event) => setProvider(event.target.value)} options={choices} />
      {provider !== INSTALLED && (
        <>
          <TextField label={say('model')} hint={say('modelHint')} maxLength={120} value={model} onChange={(event) => setModel(event.target.value)} />
          <CheckField
            label={say('multilingual')}
            hint={say('multilingualHint')}
            checked={multilingual}
            onChange={(event) => setMultilingual(event.target.checked)}
          />
        </>
      )}
      <div className="flex flex-col gap-2 rounded-lg bg-warn-wash p-3 text-sm">
        <p>{provider === INSTALLED ? say('changeOwn') : say('changeCost', { n: passages })}</p>
        <p>{say('changeMeanwhile')}</p>
        <p>{say('tryFirst')}</p>
      </div>
      {change.isError && <Refused error={change.error} />}
      <Button type="submit" kind="primary" busy={change.isPending}>
        {say('start')}
      </Button>
    </form>
  )
}

/** How many passages there are; of very many documents, how many at least. */
function usePassages(): string {
  const say = useSettingsWords()
  const time = useTime()
  const { data } = useQuery(listKnowledgeOptions({ query: { limit: 200 } }))
  if (!data) return '…'
  const counted = time.number(data.items.reduce((sum, one) => sum + one.chunk_count, 0))
  return data.next ? say('passages', { n: counted }) : counted
}
