import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { getFinetuneMaterialOptions, listFinetuneExportsQueryKey } from '@/api/generated/@tanstack/react-query.gen'
import { createFinetuneExport } from '@/api/generated/sdk.gen'
import type { MaterialOut, AuricleFinetuneCollectWanted } from '@/api/generated/types.gen'
import { SCORES } from '@/features/ratings/stars'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { ratedAtLeast } from './material'
import { useFineTuningWords } from './words'

const FORMS = ['openai', 'gemini'] as const
const SOURCES = ['notes', 'conversations'] as const

interface Given {
  form: AuricleFinetuneCollectWanted['form']
  sources: readonly (typeof SOURCES)[number][]
  least: number
  validation: string
  since: string
  until: string
}
const USUAL: Given = { form: 'openai', sources: SOURCES, least: 4, validation: '10', since: '', until: '' }

export function NewExport({ onDone }: { onDone: () => void }) {
  const say = useFineTuningWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [given, setGiven] = useState(USUAL)
  const set = (change: Partial<Given>) => setGiven({ ...given, ...change })
  const make = useMutation({
    mutationFn: () => createFinetuneExport({ body: wantedOf(given), throwOnError: true }),
    onSuccess: async () => {
      onDone()
      tell(say('asked'))
      await cache.invalidateQueries({ queryKey: listFinetuneExportsQueryKey() })
    },
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (given.sources.length > 0) make.mutate()
  }
  return (
    <form onSubmit={send} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('askHint')}</p>
      <SelectField
        label={say('form')}
        value={given.form}
        onChange={(event) => set({ form: event.target.value as AuricleFinetuneCollectWanted['form'] })}
        options={FORMS.map((value) => ({ value, label: say(`form_${value}`) }))}
      />
      <Sources given={given} set={set} />
      {given.sources.includes('conversations') && (
        <SelectField
          label={say('leastScore')}
          value={String(given.least)}
          onChange={(event) => set({ least: Number(event.target.value) })}
          options={SCORES.map((n) => ({ value: String(n), label: String(n) }))}
        />
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('from')} type="date" value={given.since} max={given.until || undefined} onChange={(event) => set({ since: event.target.value })} />
        <TextField label={say('until')} type="date" value={given.until} min={given.since || undefined} onChange={(event) => set({ until: event.target.value })} />
      </div>
      <p className="-mt-3 text-sm text-soft">{say('utc')}</p>
      <TextField
        label={say('validation')}
        hint={say('validationHint')}
        type="number"
        required
        min={0}
        max={50}
        step={1}
        value={given.validation}
        onChange={(event) => set({ validation: event.target.value })}
      />
      <AtMost given={given} />
      {make.isError && <Refused error={make.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={make.isPending} disabled={given.sources.length === 0}>
          {say('ask')}
        </Button>
      </div>
    </form>
  )
}

function Sources({ given, set }: { given: Given; set: (change: Partial<Given>) => void }) {
  const say = useFineTuningWords()
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 text-sm font-medium">{say('sources')}</legend>
      {SOURCES.map((one) => (
        <CheckField
          key={one}
          label={say(one)}
          checked={given.sources.includes(one)}
          onChange={(event) => set({ sources: SOURCES.filter((other) => (other === one ? event.target.checked : given.sources.includes(other))) })}
        />
      ))}
      {given.sources.length === 0 && (
        <p role="alert" className="text-sm font-medium text-bad">
          {say('noSources')}
        </p>
      )}
    </fieldset>
  )
}

/** What could go in; nothing where it could not be counted. */
function AtMost({ given }: { given: Given }) {
  const say = useFineTuningWords()
  const time = useTime()
  const { data } = useQuery(getFinetuneMaterialOptions())
  if (!data) return null
  const [notes, conversations] = counted(data, given)
  if (notes + conversations === 0) return <p className="rounded-lg bg-warn-wash p-3 text-sm">{say('atMostNone')}</p>
  const said = given.since || given.until ? 'atMostDays' : 'atMost'
  return <p className="text-sm">{say(said, { notes: time.number(notes), conversations: time.number(conversations) })}</p>
}

function counted(material: MaterialOut, { sources, least }: Given): [number, number] {
  return [sources.includes('notes') ? material.agreed_notes : 0, sources.includes('conversations') ? ratedAtLeast(material, least) : 0]
}

function wantedOf(given: Given): AuricleFinetuneCollectWanted {
  return {
    form: given.form,
    sources: [...given.sources],
    since: given.since || null,
    until: given.until || null,
    least_score: given.least,
    validation_percent: Number(given.validation),
  }
}
