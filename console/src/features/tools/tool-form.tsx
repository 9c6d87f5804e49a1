// A tool added or changed. Its headers go in and never come out: unless others are given, they stay.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { listToolsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeTool, createTool } from '@/api/generated/sdk.gen'
import type { ToolOut } from '@/api/generated/types.gen'
import { useLanguageName } from '@/i18n/language-names'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { ArgumentFields, type Parameters } from './argument-fields'
import { Headers, type Header } from './header-fields'
import { bodyOf, given, type Given } from './given'
import { useToolWords } from './words'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export function ToolForm({ tool, onDone }: { tool?: ToolOut; onDone: () => void }) {
  const say = useToolWords()
  const languageOf = useLanguageName()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [parameters, setParameters] = useState<Parameters>(tool?.parameters ?? {})
  const [headers, setHeaders] = useState<Header[]>([])
  const [dropped, setDropped] = useState(false)
  const { register, handleSubmit, watch } = useForm<Given>({ defaultValues: given(tool) })
  const [kind, effect] = [watch('kind'), watch('effect')]
  const save = useMutation({
    mutationFn: (wanted: Given) => {
      const body = bodyOf(wanted, parameters ?? {}, headers, dropped)
      return tool
        ? changeTool({ path: { tool_id: tool.id }, body, throwOnError: true })
        : createTool({ body, throwOnError: true })
    },
    onSuccess: async ({ data }) => {
      tell(say(tool ? 'changed' : 'added', { name: data.name }))
      await cache.invalidateQueries({ queryKey: listToolsOptions().queryKey })
      onDone()
    },
  })
  const isHttp = kind === 'http'
  return (
    <form
      autoComplete="off"
      onSubmit={(event) => void handleSubmit((wanted) => save.mutate(wanted))(event)}
      className="flex flex-col gap-4"
    >
      {!tool && (
        <SelectField
          label={say('kind')}
          options={(['http', 'mcp'] as const).map((one) => ({ value: one, label: say(one) }))}
          {...register('kind')}
        />
      )}
      <TextField label={say('name')} hint={say('nameHint')} required pattern="[a-z][a-z0-9_]{1,39}" {...register('name')} />
      <TextArea label={say('description')} hint={say('descriptionHint')} required maxLength={1000} rows={3} {...register('description')} />
      <TextField label={say('url')} hint={say('urlHint')} type="url" required={isHttp} {...register('url')} />
      {isHttp ? (
        <>
          <div className="grid gap-4 sm:grid-cols-2">
            <SelectField label={say('method')} options={METHODS.map((one) => ({ value: one, label: one }))} {...register('method')} />
            <SelectField
              label={say('sends')}
              options={(['json', 'query'] as const).map((one) => ({ value: one, label: say(`sends_${one}`) }))}
              {...register('sends')}
            />
          </div>
          <ArgumentFields parameters={parameters} onChange={setParameters} />
        </>
      ) : (
        <TextField label={say('command')} hint={say('commandHint')} {...register('command')} />
      )}
      <SelectField
        label={say('effect')}
        hint={say(effect === 'write' ? 'effectWriteHint' : isHttp ? 'effectReadHint' : 'effectReadMcpHint')}
        options={[
          { value: 'write', label: say('effectWrite') },
          { value: 'read', label: say(isHttp ? 'effectRead' : 'effectReadMcp') },
        ]}
        {...register('effect')}
      />
      {effect === 'write' && isHttp && (
        <div className="grid gap-4 sm:grid-cols-2">
          {[...new Set(['en', 'hi', ...Object.keys(tool?.question ?? {})])].map((code) => (
            <TextField
              key={code}
              lang={code}
              label={say('question', { language: languageOf(code) })}
              hint={say('questionHint')}
              maxLength={200}
              {...register(`question.${code}`)}
            />
          ))}
        </div>
      )}
      <Headers kept={tool?.header_names ?? []} headers={headers} onChange={setHeaders} dropped={dropped} onDrop={setDropped} />
      {isHttp && <CheckField label={say('sendsPatient')} hint={say('sendsPatientHint')} {...register('sends_patient')} />}
      <TextField label={say('timeout')} type="number" min={0.5} max={20} step={0.5} required {...register('timeout_s')} />
      {save.isError && <Refused error={save.error} />}
      <Button type="submit" kind="primary" busy={save.isPending} disabled={parameters === null}>
        {tool ? common('save') : say('add')}
      </Button>
    </form>
  )
}
