import { ArrowDown, ArrowUp, ChevronRight, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import type { UseFormRegister } from 'react-hook-form'
import { LANGUAGES } from '@/i18n'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/field'
import { KINDS, SECTIONS, type Draft } from './draft'
import { useTemplateWords } from './words'

/** One part of a template: its heading and section, and behind a fold what fills it. */
export function PartFields({
  at,
  count,
  title,
  register,
  error,
  move,
  remove,
}: {
  at: number
  count: number
  title: string
  register: UseFormRegister<Draft>
  error: ReactNode
  move: (to: number) => void
  remove: () => void
}) {
  const say = useTemplateWords()
  const part = title || say('part', { n: at + 1 })
  return (
    <li className="flex flex-col gap-4 rounded-xl border border-line bg-panel p-4 sm:p-5">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="min-w-0 font-medium break-words">
          {at + 1}. {part}
        </h3>
        <span className="flex">
          <Button kind="quiet" size="icon" disabled={at === 0} aria-label={say('up', { part })} onClick={() => move(at - 1)}>
            <ArrowUp aria-hidden className="size-4" />
          </Button>
          <Button kind="quiet" size="icon" disabled={at === count - 1} aria-label={say('down', { part })} onClick={() => move(at + 1)}>
            <ArrowDown aria-hidden className="size-4" />
          </Button>
          <Button kind="quiet" size="icon" disabled={count === 1} aria-label={say('removePart', { part })} onClick={remove}>
            <Trash2 aria-hidden className="size-4" />
          </Button>
        </span>
      </div>
      <div className="grid gap-4 sm:grid-cols-3">
        <TextField
          label={say('heading', { language: LANGUAGES.en })}
          required
          maxLength={80}
          error={error}
          {...register(`parts.${at}.en`, { validate: (heading) => heading.trim() !== '' })}
        />
        <TextField label={say('heading', { language: LANGUAGES.hi })} lang="hi" maxLength={80} {...register(`parts.${at}.hi`)} />
        <SelectField
          label={say('section')}
          options={SECTIONS.map((value) => ({ value, label: say(value) }))}
          {...register(`parts.${at}.section`)}
        />
      </div>
      <TextArea label={say('partInstructions')} rows={2} maxLength={1000} {...register(`parts.${at}.instructions`)} />
      <CheckField label={say('required')} {...register(`parts.${at}.required`)} />
      <details className="group">
        <summary className="flex min-h-11 cursor-pointer items-center gap-2 rounded-lg text-sm font-medium text-brand">
          <ChevronRight aria-hidden className="size-4 shrink-0 group-open:rotate-90" />
          {say('rules')}
        </summary>
        <Rules at={at} register={register} />
      </details>
    </li>
  )
}

function Rules({ at, register }: { at: number; register: UseFormRegister<Draft> }) {
  const say = useTemplateWords()
  return (
    <div className="flex flex-col gap-4 pt-2">
      <fieldset>
        <legend className="mb-2 text-sm font-medium">{say('kinds')}</legend>
        <div className="grid gap-2 sm:grid-cols-3 lg:grid-cols-5">
          {KINDS.map((kind) => (
            <CheckField key={kind} label={say(`kind_${kind}`)} value={kind} {...register(`parts.${at}.kinds`)} />
          ))}
        </div>
      </fieldset>
      <TextArea label={say('words')} hint={say('wordsHint')} rows={2} {...register(`parts.${at}.words`)} />
      <fieldset>
        <legend className="mb-2 text-sm font-medium">{say('also')}</legend>
        <div className="grid gap-2 sm:grid-cols-4">
          {SECTIONS.map((section) => (
            <CheckField key={section} label={say(section)} value={section} {...register(`parts.${at}.also`)} />
          ))}
        </div>
      </fieldset>
    </div>
  )
}
