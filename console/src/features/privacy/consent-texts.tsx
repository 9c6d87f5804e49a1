// The texts that patients are asked by: which there are in which language and version, and the next version of one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { listConsentTextsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { publishConsentText } from '@/api/generated/sdk.gen'
import type { ListConsentTextsResponse, TextIn } from '@/api/generated/types.gen'
import { SPOKEN } from '@/features/room/languages'
import { useLanguageName } from '@/i18n/language-names'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useConsentTextWords } from './consent-text-words'

type Text = ListConsentTextsResponse['items'][number]
type Kind = Text['kind']

const KINDS: readonly Kind[] = ['ai_use', 'recording', 'sharing', 'training']
const EVERY = listConsentTextsOptions({ query: { every: true } })


export function ConsentTexts() {
  const say = useConsentTextWords()
  const query = useQuery(EVERY)
  const [writing, setWriting] = useState<Kind | null>(null)
  return (
    <Loaded query={query} lines={8}>
      {({ items }) => (
        <div className="flex flex-col gap-4">
          <p className="max-w-prose text-sm text-soft">{say('hint')}</p>
          {KINDS.map((kind) => (
            <Panel
              key={kind}
              title={say(`kind_${kind}`)}
              actions={
                <Button size="small" aria-haspopup="dialog" aria-label={`${say('publish')}: ${say(`kind_${kind}`)}`} onClick={() => setWriting(kind)}>
                  {say('publish')}
                </Button>
              }
            >
              <Languages texts={items.filter((one) => one.kind === kind)} />
            </Panel>
          ))}
          <Dialog open={writing !== null} title={writing ? `${say('publish')}: ${say(`kind_${writing}`)}` : ''} onClose={() => setWriting(null)}>
            {writing && <Publish kind={writing} texts={items.filter((one) => one.kind === writing)} onClose={() => setWriting(null)} />}
          </Dialog>
        </div>
      )}
    </Loaded>
  )
}

/** By language: the version that is shown now, and those before it. */
function Languages({ texts }: { texts: readonly Text[] }) {
  const say = useConsentTextWords()
  const languages = [...new Set(texts.map((one) => one.language))]
  return (
    <ul className="divide-y divide-line text-sm">
      {languages.map((language) => {
        const [now, ...before] = texts.filter((one) => one.language === language)
        return (
          <li key={language} className="py-1">
            {now && <Version text={now} current />}
            {before.length > 0 && (
              <details className="pb-2 pl-4">
                <summary className="min-h-9 cursor-pointer py-2 text-soft">{say(before.length === 1 ? 'earlierOne' : 'earlier', { n: before.length })}</summary>
                {before.map((one) => (
                  <Version key={one.version} text={one} />
                ))}
              </details>
            )}
          </li>
        )
      })}
    </ul>
  )
}

function Version({ text, current = false }: { text: Text; current?: boolean }) {
  const say = useConsentTextWords()
  const languageOf = useLanguageName()
  const time = useTime()
  return (
    <details>
      <summary className="min-h-11 cursor-pointer py-3">
        {/* The marker and the first word stay on one line, whatever follows. */}
        <span className="inline-flex max-w-[calc(100%-1.25rem)] flex-wrap items-center gap-x-2 gap-y-1 align-top">
          <span className="font-medium">{languageOf(text.language)}</span>
          <span>{say('version', { n: time.number(text.version) })}</span>
          <span className="text-soft">{text.published_at ? time.moment(text.published_at) : say('ships')}</span>
          {current && <Badge tone="good">{say('current')}</Badge>}
          {text.renew && <Badge tone="brand">{say('renewed')}</Badge>}
        </span>
      </summary>
      <div lang={text.language} className="mb-3 max-w-prose rounded-lg bg-sunken p-4">
        <p className="font-medium">{text.title}</p>
        <p className="whitespace-pre-line">{text.body}</p>
      </div>
    </details>
  )
}

/** Begins with what is shown now in the language chosen, so that a correction is a correction. */
function Publish({ kind, texts, onClose }: { kind: Kind; texts: readonly Text[]; onClose: () => void }) {
  const say = useConsentTextWords()
  const languageOf = useLanguageName()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const of = (language: string) => texts.find((one) => one.language === language)
  const { register, handleSubmit, setValue } = useForm<Required<TextIn>>({
    defaultValues: { kind, language: 'en', title: of('en')?.title ?? '', body: of('en')?.body ?? '', renew: false },
  })
  const publish = useMutation({
    mutationFn: (given: Required<TextIn>) => publishConsentText({ body: given, throwOnError: true }),
    onSuccess: ({ data }) => {
      tell(say('published', { n: data.version, language: languageOf(data.language) }))
      onClose()
      return cache.invalidateQueries({ queryKey: EVERY.queryKey })
    },
  })
  const chosen = register('language')
  return (
    <form onSubmit={(event) => void handleSubmit((given) => publish.mutate(given))(event)} className="flex flex-col gap-4">
      <SelectField
        label={say('language')}
        options={SPOKEN}
        {...chosen}
        onChange={(event) => {
          void chosen.onChange(event)
          setValue('title', of(event.target.value)?.title ?? '')
          setValue('body', of(event.target.value)?.body ?? '')
        }}
      />
      <TextField label={say('heading')} required maxLength={200} {...register('title')} />
      <TextArea label={say('body')} hint={say('bodyHint')} required rows={9} maxLength={20_000} {...register('body')} />
      <CheckField label={say('renew')} hint={say('renewHint')} {...register('renew')} />
      {publish.isError && <Refused error={publish.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={publish.isPending}>
          {say('publish')}
        </Button>
      </footer>
    </form>
  )
}
