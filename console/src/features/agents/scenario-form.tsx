import { useMutation } from '@tanstack/react-query'
import { useFieldArray, useForm, type UseFormRegister } from 'react-hook-form'
import { saveScenario } from '@/api/generated/sdk.gen'
import type { Scenario } from '@/api/generated/types.gen'
import { LANGUAGES } from '@/i18n'
import { useLanguageName } from '@/i18n/language-names'
import { useAlarmName } from '@/i18n/names'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextArea, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useCommonWords } from '@/ui/words'
import { FLAGS } from './red-flags'
import { given, scenarioOf, EMPTY_TURN, type Given } from './scenario-given'
import { useScenarioWords } from './scenario-words'

/** Writes a scenario, or a known one anew: one of the same name is replaced, so a known one keeps its name. */
export function ScenarioForm({ agentId, known, onDone }: { agentId: string; known?: Scenario; onDone: () => void }) {
  const say = useScenarioWords()
  const languageOf = useLanguageName()
  const common = useCommonWords()
  const { register, control, handleSubmit } = useForm<Given>({ defaultValues: given(known) })
  const turns = useFieldArray({ control, name: 'turns', keyName: 'row' })
  const save = useMutation({
    mutationFn: (wanted: Given) =>
      saveScenario({ path: { agent_id: agentId }, body: scenarioOf(known, wanted), throwOnError: true }),
    onSuccess: onDone,
  })
  return (
    <form onSubmit={(event) => void handleSubmit((wanted) => save.mutate(wanted))(event)} className="flex flex-col gap-4">
      <TextField
        label={say('name')}
        hint={known ? undefined : say('nameHint')}
        required
        maxLength={100}
        readOnly={known !== undefined}
        {...register('name')}
      />
      <SelectField
        label={say('language')}
        options={languages(known?.language).map((value) => ({ value, label: languageOf(value) }))}
        {...register('language')}
      />
      {turns.fields.map((turn, n) => (
        <Turn key={turn.row} n={n} flag={turn.red_flag} register={register} onRemove={turns.fields.length > 1 ? () => turns.remove(n) : undefined} />
      ))}
      <Button disabled={turns.fields.length >= 20} onClick={() => turns.append(EMPTY_TURN)}>
        {say('addTurn')}
      </Button>
      {save.isError && <Refused error={save.error} />}
      <Button type="submit" kind="primary" busy={save.isPending}>
        {common('save')}
      </Button>
    </form>
  )
}

interface TurnProps {
  n: number
  /** The red flag that it had, which is kept even where it has no word here. */
  flag: string
  register: UseFormRegister<Given>
  onRemove?: () => void
}

function Turn({ n, flag, register, onRemove }: TurnProps) {
  const say = useScenarioWords()
  const alarm = useAlarmName()
  const known = FLAGS.map((value) => ({ value: value as string, label: alarm(value) }))
  const other = known.some(({ value }) => value === flag) || !flag ? [] : [{ value: flag, label: flag }]
  const flags = [{ value: '', label: say('any') }, ...known, ...other]
  const either = (['any', 'yes', 'no'] as const).map((value) => ({ value, label: say(value) }))
  return (
    <fieldset className="flex flex-col gap-3 rounded-xl border border-line p-4">
      <legend className="px-1 text-sm font-semibold">{say('turn', { n: n + 1 })}</legend>
      <TextArea label={say('patient')} rows={2} required maxLength={1000} {...register(`turns.${n}.patient`)} />
      <details>
        <summary className="min-h-11 cursor-pointer py-2 text-sm font-medium">{say('expected')}</summary>
        <div className="flex flex-col gap-3">
          <TextArea label={say('saysAny')} rows={2} {...register(`turns.${n}.says_any`)} />
          <TextArea label={say('saysAll')} rows={2} {...register(`turns.${n}.says_all`)} />
          <TextArea label={say('mustNotSay')} rows={2} {...register(`turns.${n}.must_not_say`)} />
          <TextField label={say('calls')} {...register(`turns.${n}.calls`)} />
          <CheckField label={say('callsNone')} {...register(`turns.${n}.calls_no_tool`)} />
          <SelectField label={say('redFlag')} options={flags} {...register(`turns.${n}.red_flag`)} />
          <TextField label={say('cites')} maxLength={300} {...register(`turns.${n}.cites`)} />
          <TextField label={say('maxSentences')} type="number" min={1} max={50} {...register(`turns.${n}.max_sentences`)} />
          <SelectField label={say('handsOver')} options={either} {...register(`turns.${n}.hands_over`)} />
          <SelectField label={say('endsCall')} options={either} {...register(`turns.${n}.ends_call`)} />
        </div>
      </details>
      {onRemove && (
        <Button size="small" onClick={onRemove} className="self-start">
          {say('removeTurn', { n: n + 1 })}
        </Button>
      )}
    </fieldset>
  )
}

function languages(known: string | undefined): string[] {
  return [...new Set([...Object.keys(LANGUAGES), ...(known ? [known] : [])])]
}
