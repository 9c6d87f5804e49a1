import { useState } from 'react'
import type { ChoiceIo } from '@/api/generated/types.gen'
import { SPOKEN } from '@/features/room/languages'
import { useLanguageName } from '@/i18n/language-names'
import { useCapabilityName } from '@/i18n/names'
import { Button } from '@/ui/button'
import { SelectField } from '@/ui/field'
import { Panel } from '@/ui/page'
import type { Kind } from './kinds'
import { Entry, OrderList } from './order-list'
import { useOrderWords } from './order-words'
import { ANY, beginning, languagesOf, passedOver, type Finding } from './orders'
import type { Provider } from './provider-panel'

const BY_LANGUAGE: readonly Kind[] = ['stt', 'llm', 'tts', 'translation']

interface Asked {
  kind: Kind
  lists: Record<string, ChoiceIo[]> | undefined
  /** What the installation has set; null where the kept order hides it. */
  inForce: Record<string, ChoiceIo[]> | null
  providers: readonly Provider[]
  mayWrite: boolean
  found: (place: string) => Finding | undefined
  change: (language: string, list: ChoiceIo[]) => void
}

/** The order of one kind: the organization's own, by language, or what is asked without one. */
export function OrderOfKind({ kind, lists, inForce, providers, mayWrite, found, change }: Asked) {
  const say = useOrderWords()
  const kindName = useCapabilityName()
  const languages = languagesOf(lists ?? {})
  const beginsWith = beginning(providers, inForce ?? {}, kind, ANY)
  const title = useListTitle(languages.length)
  return (
    <Panel
      title={kindName(kind)}
      actions={
        mayWrite &&
        languages.length === 0 &&
        beginsWith.length > 0 && (
          <Button size="small" onClick={() => change(ANY, beginsWith)}>
            {say('begin')}
          </Button>
        )
      }
    >
      {languages.length === 0 ? (
        <Unset kind={kind} inForce={inForce} providers={providers} isAble={beginsWith.length > 0} />
      ) : (
        <div className="flex flex-col gap-5">
          {languages.map((language) => (
            <section key={language} className="flex flex-col gap-2">
              <header className="flex flex-wrap items-center justify-between gap-2">
                <h3 className="text-sm font-semibold">{title(language)}</h3>
                {mayWrite && (
                  <Button kind="quiet" size="small" onClick={() => change(language, [])}>
                    {say('removeList')}
                    <span className="sr-only">: {title(language)}</span>
                  </Button>
                )}
              </header>
              {mayWrite ? (
                <OrderList
                  kind={kind}
                  language={language}
                  list={lists?.[language] ?? []}
                  providers={providers}
                  found={(place) => found(`${language}${place}`)}
                  change={(list) => change(language, list)}
                />
              ) : (
                <Shown kind={kind} list={lists?.[language] ?? []} providers={providers} />
              )}
            </section>
          ))}
          {mayWrite && BY_LANGUAGE.includes(kind) && (
            <AddLanguage
              taken={languages}
              add={(language) => change(language, beginning(providers, lists, kind, language))}
              isAble={(language) => beginning(providers, lists, kind, language).length > 0}
            />
          )}
        </div>
      )}
    </Panel>
  )
}

function useListTitle(count: number): (language: string) => string {
  const say = useOrderWords()
  const name = useLanguageName()
  return (language) => {
    if (language !== ANY) return say('inLanguage', { language: name(language) })
    return say(count === 1 ? 'anyLanguage' : 'anyOther')
  }
}

function Unset({ kind, inForce, providers, isAble }: Pick<Asked, 'kind' | 'inForce' | 'providers'> & { isAble: boolean }) {
  const say = useOrderWords()
  const languages = languagesOf(inForce ?? {})
  const title = useListTitle(languages.length)
  const none = inForce === null ? 'fallsBack' : isAble ? (BY_LANGUAGE.includes(kind) ? 'unset' : 'unsetAnyLanguage') : 'noneAble'
  if (languages.length === 0) return <p className="text-sm text-soft">{say(none)}</p>
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm text-soft">{say('installation')}</p>
      {languages.map((language) => (
        <section key={language} className="flex flex-col gap-1">
          <h3 className="text-sm font-semibold">{title(language)}</h3>
          <Shown kind={kind} list={inForce?.[language] ?? []} providers={providers} />
        </section>
      ))}
    </div>
  )
}

function Shown({ kind, list, providers }: Pick<Asked, 'kind' | 'providers'> & { list: ChoiceIo[] }) {
  return (
    <ol className="flex flex-col gap-1">
      {list.map((entry, at) => (
        <li key={at}>
          <Entry n={at + 1} entry={entry} mark={passedOver(providers, kind, entry)} />
        </li>
      ))}
    </ol>
  )
}

/** The languages that are spoken here and that somebody knows; those that have an order already are not offered. */
function AddLanguage({ taken, add, isAble }: { taken: string[]; add: (language: string) => void; isAble: (language: string) => boolean }) {
  const say = useOrderWords()
  const name = useLanguageName()
  const [chosen, setChosen] = useState('')
  const left = [ANY, ...SPOKEN.map(({ value }) => value)].filter((one) => !taken.includes(one) && isAble(one))
  if (left.length === 0) return null
  const language = left.includes(chosen) ? chosen : ''
  return (
    <div className="flex flex-wrap items-end gap-2 border-t border-line pt-4">
      <div className="min-w-48 flex-1 sm:max-w-72">
        <SelectField
          label={say('addLanguage')}
          value={language}
          onChange={(event) => setChosen(event.target.value)}
          options={[{ value: '', label: '–' }, ...left.map((value) => ({ value, label: value === ANY ? say('anyOther') : name(value) }))]}
        />
      </div>
      <Button disabled={language === ''} onClick={() => add(language)}>
        {say('another')}
      </Button>
    </div>
  )
}
