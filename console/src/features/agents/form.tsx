import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { getAgentOptions, listBuiltInToolsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { saveAgent } from '@/api/generated/sdk.gen'
import type { AgentConfigInput, AgentOut } from '@/api/generated/types.gen'
import { LANGUAGES } from '@/i18n'
import { Button } from '@/ui/button'
import { CheckField, TextArea, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
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
export function AgentForm({ agent }: { agent: AgentOut }) {
  const say = useAgentWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const builtIn = useQuery(listBuiltInToolsOptions())
  const { config } = agent
  const { register, handleSubmit } = useForm<Given>({ defaultValues: given(config) })
  const save = useMutation({
    mutationFn: (wanted: Given) =>
      saveAgent({
        path: { agent_id: agent.id },
        body: configOf(config, wanted),
        headers: { 'if-match': `"${agent.latest}"` },
        throwOnError: true,
      }),
    onSuccess: async ({ data }) => {
      tell(say('savedAs', { n: data.number }))
      await cache.invalidateQueries({ queryKey: getAgentOptions({ path: { agent_id: agent.id } }).queryKey })
    },
  })
  const names = new Set([...(config.tools ?? []).map((one) => one.name), ...toolNames(builtIn.data)])
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
              label={say('greeting', { language: nameOf(code) })}
              rows={3}
              {...register(`greeting.${code}`)}
            />
            <TextArea
              lang={code}
              label={say('questions', { language: nameOf(code) })}
              rows={6}
              {...register(`questions.${code}`)}
            />
          </Panel>
        ))}
      </div>
      <Panel title={say('tools')}>
        <p className="mb-3 text-sm text-soft">{say('toolsHint')}</p>
        <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
          {[...names].map((name) => (
            <CheckField key={name} label={name.replaceAll('_', ' ')} value={name} {...register('tools')} />
          ))}
        </div>
      </Panel>
      {save.isError && <Refused error={save.error} />}
      <Warnings warnings={agent.warnings} />
      <div>
        <Button type="submit" kind="primary" busy={save.isPending}>
          {common('save')}
        </Button>
      </div>
    </form>
  )
}

export function Warnings({ warnings }: { warnings: AgentOut['warnings'] }) {
  const say = useAgentWords()
  const all = Object.entries(warnings ?? {}).flatMap(([field, told]) =>
    Object.values(typeof told === 'object' && told !== null ? told : { told }).map((text) => `${field}: ${String(text)}`),
  )
  if (all.length === 0) return null
  return (
    <Panel title={say('warnings')}>
      <ul className="flex list-disc flex-col gap-1 pl-5 text-sm">
        {all.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </Panel>
  )
}

function nameOf(code: string): string {
  return (LANGUAGES as Record<string, string>)[code] ?? new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code
}

function toolNames(data: unknown): string[] {
  const items = Array.isArray(data) ? data : ((data as { items?: unknown[] } | undefined)?.items ?? [])
  return items.flatMap((one) => (typeof one === 'object' && one && 'name' in one ? [String(one.name)] : []))
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
