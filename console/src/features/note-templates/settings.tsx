import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { getNoteSettingsOptions, listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { saveNoteSettings } from '@/api/generated/sdk.gen'
import type { SettingIn, SettingOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { useTemplateWords } from './words'

export function NoteSettings() {
  const query = useQuery(getNoteSettingsOptions())
  return <Loaded query={query}>{(setting) => <SettingsForm setting={setting} />}</Loaded>
}

interface Given extends Required<Pick<SettingIn, 'judges' | 'looks_for_missing' | 'style'>> {
  writer: 'extractive' | 'model'
  provider: string
  model: string
  phrases: string
}

/** How notes are written and judged. Who may only read notes sees it, and changes nothing. */
function SettingsForm({ setting }: { setting: SettingOut }) {
  const say = useTemplateWords()
  const common = useCommonWords()
  const { may } = useSession()
  const { register, handleSubmit, watch, formState } = useForm<Given>({ values: given(setting) })
  useUnsaved(formState.isDirty)
  const { save, writers } = useSetting(setting)
  const byModel = watch('writer') === 'model' || watch('judges') || watch('looks_for_missing')
  return (
    <form onSubmit={(event) => void handleSubmit((wanted) => save.mutate(wantedOf(wanted)))(event)}>
      <fieldset disabled={!may('notes:templates')} className="flex flex-col gap-4">
        <Panel className="flex flex-col gap-4">
          <SelectField
            label={say('writer')}
            options={(['extractive', 'model'] as const).map((value) => ({ value, label: say(`writer_${value}`) }))}
            {...register('writer')}
          />
          <CheckField label={say('judges')} hint={say('judgesHint')} {...register('judges')} />
          <CheckField label={say('missing')} {...register('looks_for_missing')} />
          {byModel && (
            <div className="grid gap-4 sm:grid-cols-2">
              <SelectField
                label={say('provider')}
                options={[{ value: '', label: say('providerAny') }, ...writers.map((value) => ({ value, label: value }))]}
                {...register('provider')}
              />
              {watch('provider') && (
                <TextField label={say('model')} hint={say('modelHint')} maxLength={200} spellCheck={false} {...register('model')} />
              )}
            </div>
          )}
          {setting.models.length > 0 ? (
            <p className="text-sm text-soft">
              {say('ask')}: <span className="break-all">{setting.models.join(', ')}</span>
            </p>
          ) : (
            byModel && <p className="text-sm text-warn">{say('askNone')}</p>
          )}
        </Panel>
        <Panel className="flex flex-col gap-4">
          <TextArea label={say('style')} hint={say('styleHint')} rows={3} maxLength={2000} {...register('style')} />
          <TextArea label={say('phrases')} hint={say('phrasesHint')} rows={4} {...register('phrases')} />
        </Panel>
        {save.isError && <Refused error={save.error} />}
        {may('notes:templates') && (
          <div>
            <Button type="submit" kind="primary" busy={save.isPending}>
              {common('save')}
            </Button>
          </div>
        )}
      </fieldset>
    </form>
  )
}

function useSetting(present: SettingOut) {
  const say = useTemplateWords()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const providers = useQuery({ ...listProvidersOptions(), enabled: may('providers:read') })
  const save = useMutation({
    mutationFn: (body: SettingIn) => saveNoteSettings({ body, throwOnError: true }),
    onSuccess: ({ data }) => {
      cache.setQueryData(getNoteSettingsOptions().queryKey, data)
      tell(say('settingsSaved'), () => save.mutate(wantedOf(given(present))))
    },
  })
  const able = (providers.data?.providers ?? []).filter((one) => one.capabilities.includes('llm')).map((one) => one.name)
  return { save, writers: [...new Set([...able, ...(present.provider ? [present.provider] : [])])] }
}

function given(setting: SettingOut): Given {
  return {
    writer: setting.writer ?? 'extractive',
    provider: setting.provider ?? '',
    model: setting.model ?? '',
    judges: setting.judges ?? false,
    looks_for_missing: setting.looks_for_missing ?? false,
    style: setting.style ?? '',
    phrases: (setting.phrases ?? []).join('\n'),
  }
}

function wantedOf({ provider, model, phrases, ...rest }: Given): SettingIn {
  const lines = phrases.split('\n').map((one) => one.trim()).filter(Boolean)
  return { ...rest, provider: provider || null, model: (provider && model.trim()) || null, phrases: lines }
}
