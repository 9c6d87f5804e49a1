import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useFieldArray, useForm } from 'react-hook-form'
import { createNoteTemplate, saveNoteTemplate } from '@/api/generated/sdk.gen'
import { LANGUAGES, useLanguage } from '@/i18n'
import { Button } from '@/ui/button'
import { TextArea, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { EMPTY_PART, KEY, MOST_PARTS, templateOf, type Draft } from './draft'
import { PartFields } from './part-fields'
import { isOfTemplates } from './queries'
import { useTemplateWords } from './words'

/** `new`: another template; `instead`: in the place of a shipped one; `next`: the version after `number`. */
export function TemplateForm({ how, draft, number }: { how: 'new' | 'instead' | 'next'; draft: Draft; number?: number }) {
  const say = useTemplateWords()
  const common = useCommonWords()
  const language = useLanguage()
  const { register, control, handleSubmit, watch, formState } = useForm<Draft>({ defaultValues: draft })
  const parts = useFieldArray({ control, name: 'parts', keyName: 'row' })
  const save = useSave(how, number)
  const { errors, isDirty } = formState
  useUnsaved(isDirty)
  return (
    <form noValidate onSubmit={(event) => void handleSubmit((wanted) => save.mutate(wanted))(event)} className="flex flex-col gap-4">
      <Panel className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={say('name', { language: LANGUAGES.en })}
          required
          maxLength={80}
          error={errors.en && say('nameNeeded')}
          {...register('en', { validate: (name) => name.trim() !== '' })}
        />
        <TextField label={say('name', { language: LANGUAGES.hi })} lang="hi" maxLength={80} {...register('hi')} />
        <TextField label={say('specialty')} maxLength={80} {...register('specialty')} />
        {how === 'new' && (
          <TextField
            label={say('key')}
            hint={say('keyHint')}
            spellCheck={false}
            error={errors.key && say('keyWrong')}
            {...register('key', { validate: (key) => key.trim() === '' || KEY.test(key.trim()) })}
          />
        )}
        <div className="sm:col-span-2">
          <TextArea label={say('instructions')} hint={say('instructionsHint')} rows={3} maxLength={1000} {...register('instructions')} />
        </div>
      </Panel>
      <h2 className="text-lg font-semibold">{say('parts')}</h2>
      <ol className="flex flex-col gap-4">
        {parts.fields.map((one, at) => (
          <PartFields
            key={one.row}
            at={at}
            count={parts.fields.length}
            title={(language === 'hi' && watch(`parts.${at}.hi`)) || watch(`parts.${at}.en`)}
            register={register}
            error={errors.parts?.[at]?.en && say('headingNeeded')}
            move={(to) => parts.move(at, to)}
            remove={() => parts.remove(at)}
          />
        ))}
      </ol>
      <div className="flex flex-wrap items-center gap-3">
        <Button disabled={parts.fields.length >= MOST_PARTS} onClick={() => parts.append(EMPTY_PART)}>
          {say('addPart')}
        </Button>
        {parts.fields.length >= MOST_PARTS && <p className="text-sm text-soft">{say('partsMost', { n: MOST_PARTS })}</p>}
      </div>
      {save.isError && <Refused error={save.error} />}
      <div>
        <Button type="submit" kind="primary" busy={save.isPending} disabled={how === 'next' && !isDirty}>
          {how === 'instead' ? say('saveOwn') : common('save')}
        </Button>
      </div>
    </form>
  )
}

function useSave(how: 'new' | 'instead' | 'next', number: number | undefined) {
  const say = useTemplateWords()
  const tell = useTell()
  const cache = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: async (wanted: Draft) => {
      const body = templateOf(wanted)
      if (how !== 'next') return (await createNoteTemplate({ body, throwOnError: true })).data
      const headers = { 'if-match': `"${number}"` }
      return (await saveNoteTemplate({ path: { template_key: body.key }, body, headers, throwOnError: true })).data
    },
    onSuccess: async (saved) => {
      tell(how === 'next' ? say('savedAs', { n: saved.number }) : say('savedFirst'))
      await cache.invalidateQueries({ predicate: isOfTemplates })
      await navigate({
        to: '/note-templates/$templateKey',
        params: { templateKey: saved.key },
        search: how === 'next' ? { tab: 'versions' } : {},
        ignoreBlocker: true,
      })
    },
  })
}
