import { useMutation, useQuery } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { changePhoneLine, createPhoneLine, listAgents } from '@/api/generated/sdk.gen'
import type { LineOut } from '@/api/generated/types.gen'
import { PAGE, rowsOf } from '@/api/pages'
import { SPOKEN } from '@/features/room/languages'
import { useLanguageName } from '@/i18n/language-names'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { carriersOptions } from './carriers'
import { KIND_NAMES } from './kinds'
import { usePhoneWords } from './words'

interface Given {
  name: string
  carrier_id: string
  agent_id: string
  number: string
  handover_number: string
  language: string
  /** By language, so that what was typed stays when the language is changed to and fro. */
  notice: Record<string, string>
  active: boolean
}

export function LineForm({ line, onDone }: { line: LineOut | null; onDone: (line: LineOut) => void }) {
  const agents = useQuery({
    queryKey: ['agents', 'choices'],
    queryFn: () => rowsOf((cursor) => listAgents({ query: { sort: 'name', limit: PAGE, cursor }, throwOnError: true })),
  })
  const carriers = useQuery(carriersOptions())
  return (
    <Loaded query={agents} lines={6}>
      {(items) => (
        <Loaded query={carriers} lines={6}>
          {(accounts) => (
            <Fields
              line={line}
              onDone={onDone}
              agents={items.map((one) => ({ value: one.id, label: one.name, published: one.published !== null }))}
              carriers={accounts.items.map((one) => ({ value: one.id, label: `${one.name} (${KIND_NAMES[one.kind]})` }))}
            />
          )}
        </Loaded>
      )}
    </Loaded>
  )
}

interface Choice {
  value: string
  label: string
}
interface Props {
  line: LineOut | null
  agents: readonly (Choice & { published: boolean })[]
  carriers: readonly Choice[]
  onDone: (line: LineOut) => void
}

function Fields({ line, agents, carriers, onDone }: Props) {
  const say = usePhoneWords()
  const languageOf = useLanguageName()
  const common = useCommonWords()
  const tell = useTell()
  const { register, handleSubmit, watch } = useForm<Given>({
    defaultValues: {
      name: line?.name ?? '',
      carrier_id: line?.carrier_id ?? carriers[0]?.value,
      agent_id: line?.agent_id ?? (agents.find((one) => one.published) ?? agents[0])?.value,
      number: line?.number ?? '',
      handover_number: line?.handover_number ?? '',
      language: line?.language ?? 'en',
      notice: (line?.notice ?? {}) as Record<string, string>,
      active: line?.active ?? true,
    },
  })
  const [language, agentId] = [watch('language'), watch('agent_id')]
  const silent = agents.find((one) => one.value === agentId)?.published === false
  const save = useMutation({
    mutationFn: ({ carrier_id, number, ...given }: Given) => {
      const notice = Object.fromEntries(Object.entries(given.notice).flatMap(([code, text]) => (text.trim() ? [[code, text.trim()]] : [])))
      const handover_number = given.handover_number.trim()
      return line === null
        ? createPhoneLine({ body: { ...given, carrier_id, number: number.trim(), notice, handover_number: handover_number || null }, throwOnError: true })
        : changePhoneLine({ path: { phone_line_id: line.id }, body: { ...given, notice, handover_number }, throwOnError: true })
    },
    onSuccess: ({ data }) => {
      tell(common('saved'))
      onDone(data)
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => save.mutate(given))(event)} className="flex flex-col gap-4">
      <TextField label={say('name')} hint={say('lineNameHint')} required maxLength={80} {...register('name')} />
      {line === null && (
        <>
          <SelectField label={say('carrier')} options={carriers} {...register('carrier_id')} />
          <TextField label={say('number')} hint={say('numberHint')} type="tel" required pattern="\+?[0-9 \(\)\.\-]+" maxLength={30} {...register('number')} />
        </>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField label={say('answers')} error={silent ? say('notPublished') : undefined} options={agents} {...register('agent_id')} />
        <SelectField label={say('language')} options={SPOKEN} {...register('language')} />
      </div>
      <TextField label={say('handover')} hint={say('handoverHint')} type="tel" pattern="\+?[0-9 \(\)\.\-]+" maxLength={30} {...register('handover_number')} />
      <TextArea
        key={language}
        lang={language}
        label={say('notice', { language: languageOf(language) })}
        hint={say('noticeHint')}
        rows={3}
        minLength={20}
        maxLength={600}
        {...register(`notice.${language}`)}
      />
      <CheckField label={say('activeField')} hint={say('activeHint')} {...register('active')} />
      {save.isError && <Refused error={save.error} />}
      <Button type="submit" kind="primary" busy={save.isPending}>
        {common('save')}
      </Button>
    </form>
  )
}
