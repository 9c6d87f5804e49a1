import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useForm } from 'react-hook-form'
import { getAgentOptions } from '@/api/generated/@tanstack/react-query.gen'
import { saveAgent, validateAgent } from '@/api/generated/sdk.gen'
import type { AgentConfigInput, AgentOut } from '@/api/generated/types.gen'
import { useLanguageName } from '@/i18n/language-names'
import { Button } from '@/ui/button'
import { TextArea, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { useFileWords } from './file-words'
import { ToolChoice } from './tools'
import { useAgentWords } from './words'

interface Given {
  name: string
  role: string
  specialty: string
  languages: string
  instructions: string
  emergency_number: string
  helpline: string
  greeting: Record<string, string>
  questions: Record<string, string>
  tools: string[]
}

/** The parts of an agent that most people change; the rest is in the YAML, and kept as it is here. */
export function AgentForm({ agent, onTyped }: { agent: AgentOut; onTyped: (typed: boolean) => void }) {
  const say = useAgentWords()
  const languageOf = useLanguageName()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const { config } = agent
  const { register, handleSubmit, formState } = useForm<Given>({ defaultValues: given(config) })
  const { isDirty } = formState
  useUnsaved(isDirty)
  useEffect(() => {
    onTyped(isDirty)
    return () => onTyped(false)
  }, [isDirty, onTyped])
  const save = useMutation({
    mutationFn: (wanted: Given) =>
      saveAgent({
        path: { agent_id: agent.id },
        body: configOf(config, wanted),
        headers: { 'if-match': `"${agent.number}"` },
        throwOnError: true,
      }),
    onSuccess: async ({ data }) => {
      tell(say('savedAs', { n: data.number }))
      onTyped(false)
      await cache.invalidateQueries({ queryKey: getAgentOptions({ path: { agent_id: agent.id } }).queryKey })
    },
  })
  const check = useMutation({
    mutationFn: async (wanted: Given) => (await validateAgent({ body: configOf(config, wanted), throwOnError: true })).data,
  })
  return (
    <form onSubmit={(event) => void handleSubmit((wanted) => save.mutate(wanted))(event)} className="flex flex-col gap-4">
      <Panel className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('name')} required {...register('name')} />
        <TextField label={say('role')} required {...register('role')} />
        <TextField label={say('specialty')} {...register('specialty')} />
        <TextField label={say('languages')} required {...register('languages')} />
        <TextField label={say('emergencyNumber')} {...register('emergency_number')} />
        <TextField label={say('helpline')} {...register('helpline')} />
      </Panel>
      <Panel>
        <TextArea label={say('instructions')} hint={say('instructionsHint')} rows={8} required {...register('instructions')} />
      </Panel>
      <div className="grid gap-4 lg:grid-cols-2">
        {(config.languages ?? []).map((code) => (
          <Panel key={code} className="flex flex-col gap-4">
            <TextArea
              lang={code}
              label={say('greeting', { language: languageOf(code) })}
              rows={3}
              {...register(`greeting.${code}`)}
            />
            <TextArea
              lang={code}
              label={say('questions', { language: languageOf(code) })}
              rows={6}
              {...register(`questions.${code}`)}
            />
          </Panel>
        ))}
      </div>
      <ToolChoice chosen={(config.tools ?? []).map((one) => one.name)} field={register('tools')} />
      {save.isError && <Refused error={save.error} />}
      {check.isError && <Refused error={check.error} />}
      {check.data ? <Checked found={check.data} /> : <Warnings warnings={agent.warnings} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" kind="primary" busy={save.isPending}>
          {common('save')}
        </Button>
        <Button busy={check.isPending} onClick={() => void handleSubmit((wanted) => check.mutate(wanted))()}>
          {say('check')}
        </Button>
      </div>
    </form>
  )
}

/** What saving would say. */
function Checked({ found }: { found: Record<string, Record<string, string>> }) {
  const say = useFileWords()
  const wrong = Object.keys(found.errors ?? {}).length > 0
  return (
    <div role="status" className="flex flex-col gap-4">
      {wrong ? <Warnings title={say('mended')} warnings={found.errors} /> : <p className="text-sm text-good">{say('checked')}</p>}
      <Warnings warnings={found.warnings} />
    </div>
  )
}

export function Warnings({ title, warnings }: { title?: string; warnings: AgentOut['warnings'] }) {
  const say = useAgentWords()
  const all = Object.entries(warnings ?? {}).flatMap(([field, told]) =>
    Object.values(typeof told === 'object' && told !== null ? told : { told }).map((text) => `${field}: ${String(text)}`),
  )
  if (all.length === 0) return null
  return (
    <Panel title={title ?? say('warnings')}>
      <ul className="flex list-disc flex-col gap-1 pl-5 text-sm">
        {all.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </Panel>
  )
}

function given(config: AgentOut['config']): Given {
  const lines = Object.entries(config.questions ?? {}).map(([code, all]) => [code, (all as string[]).join('\n')])
  return {
    name: config.name,
    role: config.role ?? '',
    specialty: config.specialty ?? '',
    languages: (config.languages ?? []).join(', '),
    instructions: config.instructions ?? '',
    emergency_number: config.emergency_number ?? '',
    helpline: config.helpline ?? '',
    greeting: { ...(config.greeting as Record<string, string>) },
    questions: Object.fromEntries(lines) as Record<string, string>,
    tools: (config.tools ?? []).map((one) => one.name),
  }
}

function configOf(config: AgentOut['config'], wanted: Given): AgentConfigInput {
  const split = (text: string, by: string) => text.split(by).map((one) => one.trim()).filter(Boolean)
  const filled = Object.entries(wanted.greeting).filter(([, text]) => text?.trim())
  const asked = Object.entries(wanted.questions).map(([code, text]) => [code, split(text ?? '', '\n')] as const)
  const known = new Map((config.tools ?? []).map((one) => [one.name, one]))
  return {
    ...(config as AgentConfigInput),
    name: wanted.name,
    role: wanted.role,
    specialty: wanted.specialty || null,
    languages: split(wanted.languages, ','),
    instructions: wanted.instructions,
    emergency_number: wanted.emergency_number,
    helpline: wanted.helpline,
    greeting: Object.fromEntries(filled),
    questions: Object.fromEntries(asked.filter(([, all]) => all.length > 0)),
    tools: wanted.tools.map((name) => known.get(name) ?? { name }),
  }
}
