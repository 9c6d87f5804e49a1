import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { asProblem } from '@/api/client'
import { listProviderModelsOptions, listProviderVoicesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useLanguageName } from '@/i18n/language-names'
import { TextField } from '@/ui/field'
import { Badge } from '@/ui/page'
import { Loaded, type Asked } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { useListWords } from './lists-words'

const FEW = 8 // that many are seen at a glance

/** What a provider offers: its models, and its voices where it speaks. */
export function Offers({ name, speaks }: { name: string; speaks: boolean }) {
  return (
    <div className="flex flex-col gap-6 text-sm">
      <Models name={name} />
      {speaks && <Voices name={name} />}
    </div>
  )
}

/** Many vendors list nothing: that is no failure, and asking again changes nothing. */
function Told<T>({ query, children }: { query: Asked<T>; children: (data: T) => ReactNode }) {
  const say = useListWords()
  if (query.error && asProblem(query.error).code === 'provider.not_listed') return <p className="text-soft">{say('notListed')}</p>
  return <Loaded query={query}>{children}</Loaded>
}

function Models({ name }: { name: string }) {
  const say = useListWords()
  const common = useCommonWords()
  const time = useTime()
  const models = useQuery(listProviderModelsOptions({ path: { name } }))
  return (
    <section>
      <h3 className="mb-2 font-semibold">{say('models')}</h3>
      <Told query={models}>
        {(all) => (
          <ul className="flex flex-col gap-1">
            {all.length === 0 && <li className="text-soft">{common('none')}</li>}
            {all.map((one) => (
              <li key={one.id} className="flex flex-wrap items-center gap-2">
                <code className="break-all">{one.id}</code>
                {one.shutdown && <Badge tone="warn">{say('shutdown', { day: time.date(one.shutdown) })}</Badge>}
              </li>
            ))}
          </ul>
        )}
      </Told>
    </section>
  )
}

function Voices({ name }: { name: string }) {
  const say = useListWords()
  const common = useCommonWords()
  const language = useLanguageName()
  const [sought, setSought] = useState('')
  const voices = useQuery(listProviderVoicesOptions({ path: { name } }))
  return (
    <section className="flex flex-col gap-2">
      <h3 className="font-semibold">{say('voices')}</h3>
      {voices.data && voices.data.length > FEW && (
        <TextField label={say('search')} value={sought} onChange={(event) => setSought(event.target.value)} />
      )}
      <Told query={voices}>
        {(all) => {
          const found = all.filter((one) => [one.id, one.name, ...one.languages, ...one.languages.map(language)].join(' ').toLowerCase().includes(sought.toLowerCase()))
          return (
            <ul className="flex flex-col gap-1">
              {found.length === 0 && <li className="text-soft">{common('none')}</li>}
              {found.map((one) => (
                <li key={one.id} className="flex flex-wrap items-center gap-2">
                  <span className="font-medium">{one.name}</span>
                  <code className="text-xs break-all text-soft">{one.id}</code>
                  <span className="text-soft">{one.languages.map(language).join(', ') || say('anyLanguage')}</span>
                </li>
              ))}
            </ul>
          )
        }}
      </Told>
    </section>
  )
}
