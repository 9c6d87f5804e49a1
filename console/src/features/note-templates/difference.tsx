import { useQuery } from '@tanstack/react-query'
import { getNoteTemplateVersionOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { Template } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useLanguageName } from '@/i18n/language-names'
import { Badge } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { compared, type Change, type Value } from './compare'
import { KINDS, SECTIONS, titleIn } from './draft'
import { useTemplateWords } from './words'

export function Difference({ templateKey, was, now }: { templateKey: string; was: number; now: number }) {
  const say = useTemplateWords()
  const before = useQuery(getNoteTemplateVersionOptions({ path: { template_key: templateKey, number: was } }))
  const after = useQuery(getNoteTemplateVersionOptions({ path: { template_key: templateKey, number: now } }))
  return (
    <section aria-label={say('changesWas', { was, now })} className="rounded-lg bg-sunken p-3 text-sm">
      <Loaded query={before}>
        {(old) => (
          <Loaded query={after}>{(recent) => <Changes before={old.template} after={recent.template} was={was} />}</Loaded>
        )}
      </Loaded>
    </section>
  )
}

function Changes({ before, after, was }: { before: Template; after: Template; was: number }) {
  const say = useTemplateWords()
  const language = useLanguage()
  const changes = compared(before, after)
  if (changes.length === 0) return <p>{say('changesNone', { n: was })}</p>
  const headingOf = (key: string) => {
    const part = [...after.parts, ...before.parts].find((one) => one.key === key)
    return part ? titleIn(part.heading, language) : key
  }
  return (
    <ul className="flex flex-col gap-3">
      {changes.map((one, n) => (
        <Told key={n} change={one} headingOf={headingOf} />
      ))}
    </ul>
  )
}

function Told({ change, headingOf }: { change: Change; headingOf: (key: string) => string }) {
  const say = useTemplateWords()
  const languageOf = useLanguageName()
  const { part, field, before, after } = change
  const language = change.language && languageOf(change.language)
  if (field === 'part' && part !== null)
    return (
      <li className="flex flex-wrap items-center gap-2">
        {say('field_part')}: {headingOf(part)}
        <Badge tone={before === null ? 'good' : 'bad'}>{say(before === null ? 'change_added' : 'change_removed')}</Badge>
      </li>
    )
  return (
    <li>
      <p className="font-medium">{[part && headingOf(part), say(`field_${field}`, { language: language ?? '' })].filter(Boolean).join(' · ')}</p>
      <p className="break-words whitespace-pre-line">
        <Shown how="removed" value={before} headingOf={headingOf} /> <Shown how="added" value={after} headingOf={headingOf} />
      </p>
    </li>
  )
}

function Shown({ how, value, headingOf }: { how: 'added' | 'removed'; value: Value; headingOf: (key: string) => string }) {
  const say = useTemplateWords()
  const name = (word: string) => {
    const section = SECTIONS.find((one) => one === word)
    const kind = KINDS.find((one) => one === word)
    return section ? say(section) : kind ? say(`kind_${kind}`) : headingOf(word)
  }
  const text =
    typeof value === 'boolean' ? say(value ? 'yes' : 'no') : typeof value === 'string' ? (SECTIONS.some((one) => one === value) ? name(value) : value) : (value ?? []).map(name).join(', ')
  if (text === '') return null
  return how === 'added' ? <ins className="bg-good-wash">{text}</ins> : <del className="bg-bad-wash">{text}</del>
}
