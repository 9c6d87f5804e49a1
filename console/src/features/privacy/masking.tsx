// What leaves for providers masked: the policy in force, what reaches each provider by it, a try, and the change of it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { getMaskingOptions } from '@/api/generated/@tanstack/react-query.gen'
import { setMasking } from '@/api/generated/sdk.gen'
import type { MaskingIn, MaskingOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { CheckField } from '@/ui/field'
import { Badge, Panel, type Tone } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { MaskingTry } from './masking-try'
import { useMaskingWords } from './masking-words'

const MODES = ['off', 'text', 'all'] as const
const PASSES = ['DATE', 'AGE', 'LOCATION', 'ORGANIZATION', 'URL'] as const

type Passing = (typeof PASSES)[number]

export function Masking() {
  const query = useQuery(getMaskingOptions())
  return (
    <Loaded query={query} lines={8}>
      {(masking) => (
        <div className="grid items-start gap-4 lg:grid-cols-2">
          <Policy key={masking.version} masking={masking} />
          <div className="flex min-w-0 flex-col gap-4">
            <Reached masking={masking} />
            <MaskingTry passes={masking.passes} />
          </div>
        </div>
      )}
    </Loaded>
  )
}

function Policy({ masking }: { masking: MaskingOut }) {
  const say = useMaskingWords()
  const common = useCommonWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const [mode, setMode] = useState(masking.mode)
  const [passes, setPasses] = useState<readonly Passing[]>(masking.passes)
  const [own, setOwn] = useState<readonly string[]>(Object.keys(masking.own_servers))
  useUnsaved(mode !== masking.mode || differ(passes, masking.passes) || differ(own, Object.keys(masking.own_servers)))
  const show = (data: MaskingOut) => cache.setQueryData(getMaskingOptions().queryKey, data)
  const put = (body: MaskingIn) => setMasking({ body, throwOnError: true })
  const change = useMutation({
    mutationFn: () => put({ mode, passes: [...passes], own_servers: [...own], version: masking.version }),
    onSuccess: ({ data }) => {
      show(data)
      const before = { mode: masking.mode, passes: masking.passes, own_servers: Object.keys(masking.own_servers) }
      tell(say('changed'), () => put({ ...before, version: data.version }).then((back) => show(back.data), tell.refusal))
    },
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  const nameable = masking.providers?.filter((one) => one.may_be_own) ?? []
  return (
    <Panel title={say('policy')}>
      <form onSubmit={send} className="flex flex-col gap-5">
        <fieldset className="flex flex-col gap-2">
          <legend className="sr-only">{say('policy')}</legend>
          {MODES.map((one) => (
            <label key={one} className="flex cursor-pointer items-start gap-3 rounded-lg border border-line p-3 has-checked:border-brand has-checked:bg-brand-wash">
              <input type="radio" name="mode" className="mt-1 size-5 shrink-0 accent-brand" checked={mode === one} onChange={() => setMode(one)} />
              <span className="text-sm">
                <span className="font-medium">{say(`mode_${one}`)}</span>
                <span className="block text-soft">{say(`mode_${one}_what`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {mode !== 'off' && (
          <>
            <Ticks
              legend={say('passes')}
              hint={say('passesHint')}
              all={PASSES.map((value) => ({ value, label: say(`pass_${value}`) }))}
              chosen={passes}
              onChange={setPasses}
            />
            {nameable.length > 0 && (
              <Ticks
                legend={say('own')}
                hint={say('ownHint')}
                all={nameable.map((one) => ({ value: one.provider, label: `${one.provider} (${one.host})` }))}
                chosen={own}
                onChange={setOwn}
              />
            )}
          </>
        )}
        {change.isError && <Refused error={change.error} />}
        <Warnings warnings={masking.warnings ?? {}} />
        <footer className="flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm text-soft">{masking.changed_at ? say('since', { at: time.moment(masking.changed_at) }) : say('never')}</p>
          <Button type="submit" kind="primary" busy={change.isPending}>
            {common('save')}
          </Button>
        </footer>
      </form>
    </Panel>
  )
}

function differ(some: readonly string[], others: readonly string[]): boolean {
  return some.length !== others.length || some.some((one) => !others.includes(one))
}

function Ticks<V extends string>({
  legend,
  hint,
  all,
  chosen,
  onChange,
}: {
  legend: string
  hint: string
  all: readonly { value: V; label: string }[]
  chosen: readonly V[]
  onChange: (chosen: readonly V[]) => void
}) {
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="text-sm font-medium">{legend}</legend>
      <p className="text-sm text-soft">{hint}</p>
      <div className="grid gap-3 sm:grid-cols-2">
        {all.map(({ value, label }) => (
          <CheckField
            key={value}
            label={label}
            checked={chosen.includes(value)}
            onChange={(event) => onChange(event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))}
          />
        ))}
      </div>
    </fieldset>
  )
}

/** What follows from a policy that one may not expect; it is told once, when the policy is put. */
function Warnings({ warnings }: { warnings: Record<string, string> }) {
  const say = useMaskingWords()
  const places = Object.keys(warnings)
  if (places.length === 0) return null
  return (
    <ul role="status" className="flex flex-col gap-1 rounded-lg bg-warn-wash p-3 text-sm">
      {places.map((place) => (
        <li key={place}>{place === 'knowledge.embedder' ? say('warnKnowledge') : say('warnSpeech', { what: place })}</li>
      ))}
    </ul>
  )
}

const TONES = { stays: 'good', masked: 'good', withheld: 'good', clear: 'warn' } as const satisfies Record<string, Tone>

function Reached({ masking }: { masking: MaskingOut }) {
  const say = useMaskingWords()
  return (
    <Panel title={say('reaches')}>
      <div className="overflow-x-auto">
        <table className="w-full text-left text-sm">
          <caption className="sr-only">{say('reaches')}</caption>
          <thead className="text-soft">
            <tr>
              <th scope="col" className="py-2 pr-3 font-medium">
                {say('provider')}
              </th>
              <th scope="col" className="py-2 pr-3 font-medium">
                {say('texts')}
              </th>
              <th scope="col" className="py-2 font-medium">
                {say('sound')}
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {masking.providers?.map((one) => (
              <tr key={one.provider}>
                <th scope="row" className="py-3 pr-3 font-normal">
                  <span className="font-medium">{one.provider}</span>
                  <span className="block text-xs break-all text-soft">{one.host ?? say('here')}</span>
                </th>
                {(['texts', 'sound'] as const).map((what) => {
                  const how = one[what] && (one.is_own ? 'stays' : one[what])
                  return (
                    <td key={what} className="py-3 pr-3">
                      {how ? <Badge tone={TONES[how]}>{say(how)}</Badge> : <span className="text-soft">–</span>}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
