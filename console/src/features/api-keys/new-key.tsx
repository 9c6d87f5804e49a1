import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listApiKeyScopesOptions, listRolesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { createApiKey } from '@/api/generated/sdk.gen'
import { usePermissionWords } from '@/i18n/hindi'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CopyText } from '@/ui/copy'
import { CheckField, SelectField, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useKeyWords } from './words'

const DAYS = [30, 90, 365, 730] as const

/** Asks for a name and what the key may do, then shows the key, this once. */
export function NewKey({ onMade, onDone }: { onMade: () => void; onDone: () => void }) {
  const say = useKeyWords()
  const time = useTime()
  const [name, setName] = useState('')
  const [days, setDays] = useState(90)
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set())
  const make = useMutation({
    mutationFn: () => createApiKey({ body: { name: name.trim(), days, scopes: [...scopes] }, throwOnError: true }),
    onSuccess: onMade,
    gcTime: 0, // the key is not kept once this is closed
  })
  if (make.data) {
    const { data } = make.data
    return (
      <div className="flex flex-col gap-4">
        <p className="rounded-lg bg-warn-wash p-3 text-sm font-medium text-warn">{say('once')}</p>
        <CopyText label={data.name} text={data.key} />
        <p className="text-sm text-soft">{say('goodUntil', { when: time.date(data.expires_at) })}</p>
        <Button kind="primary" onClick={onDone} className="self-end">
          {say('kept')}
        </Button>
      </div>
    )
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
      className="flex flex-col gap-4"
    >
      <TextField label={say('name')} told="name" hint={say('nameHint')} required maxLength={80} value={name} onChange={(event) => setName(event.target.value)} />
      <SelectField
        label={say('days')}
        value={String(days)}
        onChange={(event) => setDays(Number(event.target.value))}
        options={DAYS.map((one) => ({ value: String(one), label: say(`days_${one}`) }))}
      />
      <ChooseScopes chosen={scopes} onChange={setScopes} />
      {make.isError && <Refused error={make.error} />}
      <Button type="submit" kind="primary" busy={make.isPending} disabled={!name.trim() || scopes.size === 0}>
        {say('make')}
      </Button>
    </form>
  )
}

function ChooseScopes({ chosen, onChange }: { chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void }) {
  const say = useKeyWords()
  const [filter, setFilter] = useState('')
  const query = useQuery(listApiKeyScopesOptions())
  const meanings = useMeanings()
  const turn = (one: string) => {
    const next = new Set(chosen)
    if (!next.delete(one)) next.add(one)
    onChange(next)
  }
  const wanted = filter.trim().toLowerCase()
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 text-sm font-medium">{say('scopes')}</legend>
      <p className="text-sm text-soft">{say('scopesHint')}</p>
      <TextField label={say('filter')} type="search" autoComplete="off" value={filter} onChange={(event) => setFilter(event.target.value)} />
      <Loaded query={query} lines={6}>
        {({ scopes }) => (
          <div className="flex max-h-64 flex-col gap-3 overflow-y-auto rounded-lg border border-line p-3">
            {scopes
              .filter((one) => `${one} ${meanings[one] ?? ''}`.toLowerCase().includes(wanted))
              .map((one) => (
                <CheckField
                  key={one}
                  label={meanings[one] ?? one}
                  hint={meanings[one] && <code className="text-xs">{one}</code>}
                  checked={chosen.has(one)}
                  onChange={() => turn(one)}
                />
              ))}
          </div>
        )}
      </Loaded>
      <p role="status" className="text-sm text-soft">
        {say('scopesChosen', { n: chosen.size })}
      </p>
    </fieldset>
  )
}

/** What each permission lets one do, as the API says it; without the right to see roles their names have to do. */
function useMeanings(): Readonly<Record<string, string>> {
  const hospitalId = useMe().organization_id ?? ''
  const enabled = useSession().may('roles:read') && hospitalId !== ''
  const meaning = usePermissionWords()
  const { data } = useQuery({ ...listRolesOptions({ path: { hospital_id: hospitalId } }), enabled })
  return Object.fromEntries(Object.entries((data?.all_permissions ?? {}) as Record<string, string>).map(([name, words]) => [name, meaning(name, words)]))
}
