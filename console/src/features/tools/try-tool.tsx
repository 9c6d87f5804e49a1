// A tool called once, really, with arguments that one types in.
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { tryTool } from '@/api/generated/sdk.gen'
import type { ToolOut, TrialOut } from '@/api/generated/types.gen'
import { useFailureWords } from '@/i18n/hindi'
import { Button } from '@/ui/button'
import { SelectField, TextArea, TextField } from '@/ui/field'
import { Badge } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { objectOf } from './argument-fields'
import { fieldsOf, valueOf, type Argument } from './arguments'
import { useToolWords } from './words'

export function TryTool({ tool }: { tool: ToolOut }) {
  const say = useToolWords()
  const [named, setNamed] = useState(tool.offers[0]?.name ?? '')
  const offered = tool.offers.find((one) => one.name === named)
  return (
    <div className="flex flex-col gap-4">
      <p className="rounded-lg bg-warn-wash p-3 text-sm">{say('tryHint')}</p>
      {tool.kind === 'mcp' && (
        <SelectField
          label={say('tool')}
          value={named}
          onChange={(event) => setNamed(event.target.value)}
          options={tool.offers.map((one) => ({ value: one.name, label: one.name }))}
        />
      )}
      <Trying key={named} tool={tool} named={tool.kind === 'mcp' ? ownName(tool, named) : null} schema={offered?.parameters ?? tool.parameters} />
    </div>
  )
}

function Trying({ tool, named, schema }: { tool: ToolOut; named: string | null; schema: Record<string, unknown> }) {
  const say = useToolWords()
  const rows = fieldsOf(schema)
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [json, setJson] = useState('{}')
  const values = rows ? filled(rows, typed) : objectOf(json)
  const attempt = useMutation({
    mutationFn: () => tryTool({ path: { tool_id: tool.id }, body: { tool: named, arguments: values ?? {} }, throwOnError: true }),
  })
  const run = (event: FormEvent) => {
    event.preventDefault()
    attempt.mutate()
  }
  return (
    <form onSubmit={run} className="flex flex-col gap-4">
      {rows?.map((one) => (
        <ArgumentValue
          key={one.name}
          argument={one}
          value={typed[one.name] ?? ''}
          onChange={(value) => setTyped({ ...typed, [one.name]: value })}
        />
      ))}
      {rows === null && (
        <TextArea
          label={say('arguments')}
          error={values === null ? say('argumentsJsonBad') : undefined}
          rows={6}
          spellCheck={false}
          className="font-mono text-xs"
          value={json}
          onChange={(event) => setJson(event.target.value)}
        />
      )}
      <div>
        <Button type="submit" kind="primary" busy={attempt.isPending} disabled={values === null}>
          {say('try')}
        </Button>
      </div>
      {attempt.isError && <Refused error={attempt.error} />}
      <div aria-live="polite">{attempt.data && <Outcome trial={attempt.data.data} />}</div>
    </form>
  )
}

function ArgumentValue({ argument, value, onChange }: { argument: Argument; value: string; onChange: (value: string) => void }) {
  const say = useToolWords()
  const around = { label: argument.name, hint: argument.meaning || undefined, required: argument.required, value }
  if (argument.kind === 'boolean')
    return (
      <SelectField
        {...around}
        onChange={(event) => onChange(event.target.value)}
        options={[
          { value: '', label: '–' },
          { value: 'true', label: say('yes') },
          { value: 'false', label: say('no') },
        ]}
      />
    )
  const isText = argument.kind === 'string'
  return (
    <TextField
      {...around}
      type={isText ? 'text' : 'number'}
      step={argument.kind === 'integer' ? 1 : 'any'}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}

function Outcome({ trial }: { trial: TrialOut }) {
  const say = useToolWords()
  const failure = useFailureWords()
  const time = useTime()
  return (
    <div className="flex flex-col gap-2 text-sm">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={trial.ok ? 'good' : 'bad'}>{trial.ok ? say('ok') : say('failed', { code: trial.error_code ? failure(trial.error_code) : '–' })}</Badge>
        <span className="text-soft">{say('took', { n: time.number(trial.ms) })}</span>
      </p>
      <h3 className="font-medium">{say('result')}</h3>
      <pre tabIndex={0} className="max-h-64 overflow-auto rounded-lg bg-sunken p-3 text-xs whitespace-pre-wrap break-words">
        {typeof trial.result === 'string' ? trial.result : JSON.stringify(trial.result, null, 2)}
      </pre>
    </div>
  )
}

/** An MCP server's tool is offered under its server's name: `lab__order`. */
function ownName(tool: ToolOut, offered: string): string {
  return offered.slice(`${tool.name}__`.length)
}

function filled(rows: readonly Argument[], typed: Record<string, string>): Record<string, unknown> {
  const values = rows.map((one) => [one.name, valueOf(one.kind, typed[one.name] ?? '')] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
