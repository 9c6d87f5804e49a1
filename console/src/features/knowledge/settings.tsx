// How sure an answer must be, and by which model the knowledge is found.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { getSearchSettingsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { setSearchSettings } from '@/api/generated/sdk.gen'
import type { SearchSettingsOut, Strictness } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CheckField, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { EmbedderPanel } from './embedder'
import { useSettingsWords } from './settings-words'

const STRICTNESS: readonly Strictness[] = ['strict', 'normal', 'lenient', 'own']
const NUMBERS = ['answer', 'confirm', 'lexical_answer', 'lexical_confirm'] as const
const HINTS = { answer: 'answerHint', confirm: 'confirmHint', lexical_answer: 'lexicalHint', lexical_confirm: 'lexicalHint' } as const
type Numbers = Record<(typeof NUMBERS)[number], string>

export function KnowledgeSettings() {
  const { may } = useSession()
  const query = useQuery(getSearchSettingsOptions())
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Loaded query={query} lines={6}>
        {(settings) => <Strict settings={settings} />}
      </Loaded>
      {may('providers:read') && <EmbedderPanel />}
    </div>
  )
}

function Strict({ settings }: { settings: SearchSettingsOut }) {
  const say = useSettingsWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [strictness, setStrictness] = useState<Strictness>(settings.strictness ?? 'normal')
  const [rerank, setRerank] = useState(settings.rerank ?? true)
  const [numbers, setNumbers] = useState<Numbers>(
    () => Object.fromEntries(NUMBERS.map((one) => [one, String(settings.thresholds?.[one] ?? '')])) as Numbers,
  )
  const given = JSON.stringify([strictness, rerank, numbers])
  const [saved, setSaved] = useState(given)
  useUnsaved(given !== saved)
  const save = useMutation({
    mutationFn: () => {
      const thresholds = Object.fromEntries(NUMBERS.map((one) => [one, numbers[one] === '' ? null : Number(numbers[one])]))
      return setSearchSettings({ body: { strictness, rerank, thresholds }, throwOnError: true })
    },
    onSuccess: ({ data }) => {
      tell(common('saved'))
      setSaved(given)
      cache.setQueryData(getSearchSettingsOptions().queryKey, data)
    },
  })
  const done = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <Panel title={say('strictness')}>
      <form onSubmit={done} className="flex flex-col gap-4">
        <fieldset className="flex flex-col gap-1">
          <legend className="mb-2 text-sm text-soft">{say('strictnessHint')}</legend>
          {STRICTNESS.map((one) => (
            <label key={one} className="flex min-h-11 cursor-pointer items-start gap-3 rounded-lg p-2 text-sm hover:bg-sunken">
              <input
                type="radio"
                name="strictness"
                value={one}
                checked={strictness === one}
                onChange={() => setStrictness(one)}
                className="mt-0.5 size-5 shrink-0 accent-brand"
              />
              <span>
                <span className="block font-medium">{say(one)}</span>
                <span className="block text-soft">{say(`${one}Hint`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {strictness === 'own' && (
          <div className="grid gap-4 sm:grid-cols-2">
            {NUMBERS.map((one) => (
              <TextField
                key={one}
                type="number"
                min={0}
                max={1}
                step="any"
                label={say(one)}
                hint={say(HINTS[one])}
                value={numbers[one]}
                onChange={(event) => setNumbers({ ...numbers, [one]: event.target.value })}
              />
            ))}
          </div>
        )}
        <CheckField label={say('rerank')} hint={say('rerankHint')} checked={rerank} onChange={(event) => setRerank(event.target.checked)} />
        <Effective settings={settings} />
        {save.isError && <Refused error={save.error} />}
        <div>
          <Button type="submit" kind="primary" busy={save.isPending}>
            {common('save')}
          </Button>
        </div>
      </form>
    </Panel>
  )
}

function Effective({ settings }: { settings: SearchSettingsOut }) {
  const say = useSettingsWords()
  const time = useTime()
  return (
    <div className="rounded-lg bg-sunken p-3 text-sm">
      <p className="mb-1 font-medium">{say('effective')}</p>
      <dl>
        {NUMBERS.map((one) => (
          <div key={one} className="flex justify-between gap-3">
            <dt className="text-soft">{say(one)}</dt>
            <dd className="tabular-nums">
              {settings.effective[one] === undefined ? '–' : time.number(settings.effective[one], { maximumFractionDigits: 3 })}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
