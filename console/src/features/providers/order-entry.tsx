import { useForm } from 'react-hook-form'
import type { ChoiceIo } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { useCommonWords } from '@/ui/words'
import type { Kind } from './kinds'
import { useOrderWords } from './order-words'
import { can } from './orders'
import type { Provider } from './provider-panel'

interface Given {
  provider: string
  model: string
  voice: string
}

interface Asked {
  kind: Kind
  language: string
  providers: readonly Provider[]
  known?: ChoiceIo
  onDone: (entry: ChoiceIo) => void
}

/** One place of an order: which provider, and what of it. What the form does not show of a known entry stays. */
export function EntryForm({ kind, language, providers, known, onDone }: Asked) {
  const say = useOrderWords()
  const common = useCommonWords()
  const able = providers.filter((one) => can(one, kind, language)).map(({ name }) => name)
  const names = known && !able.includes(known.provider) ? [known.provider, ...able] : able
  const { register, handleSubmit, watch } = useForm<Given>({
    defaultValues: { provider: known?.provider ?? names[0] ?? '', model: known?.model ?? '', voice: known?.voice ?? '' },
  })
  const chosen = providers.find(({ name }) => name === watch('provider'))
  const model = chosen?.models[kind]
  if (names.length === 0) return <p className="text-sm">{say('noneAble')}</p>
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) =>
        void handleSubmit(({ provider, ...given }) => {
          const kept = known?.provider === provider && known.settings ? { settings: known.settings } : {}
          onDone({ provider, model: given.model.trim() || null, voice: given.voice.trim() || null, ...kept })
        })(event)
      }
    >
      <SelectField label={say('provider')} options={names.map((value) => ({ value, label: value }))} {...register('provider')} />
      <TextField
        label={say('model')}
        hint={model ? say('modelHint', { model }) : say('modelHintNone')}
        maxLength={120}
        {...register('model')}
      />
      {kind === 'tts' && <TextField label={say('voice')} hint={say('voiceHint')} maxLength={120} {...register('voice')} />}
      <Button type="submit" kind="primary">
        {common('done')}
      </Button>
    </form>
  )
}
