import type { ToolIn, ToolOut } from '@/api/generated/types.gen'
import type { Header } from './header-fields'

/** What the form's fields hold; arguments and headers are kept beside them. */
export interface Given {
  kind: 'http' | 'mcp'
  name: string
  description: string
  url: string
  command: string
  method: NonNullable<ToolIn['method']>
  sends: 'json' | 'query'
  effect: 'read' | 'write'
  question: Record<string, string>
  sends_patient: boolean
  timeout_s: string
}

const USUAL_S = 6

export function given(tool?: ToolOut): Given {
  return {
    kind: tool?.kind ?? 'http',
    name: tool?.name ?? '',
    description: tool?.description ?? '',
    url: tool?.url ?? '',
    command: tool?.command ?? '',
    method: (tool?.method as Given['method'] | undefined) ?? 'POST',
    sends: (tool?.sends as Given['sends'] | undefined) ?? 'json',
    effect: tool?.effect ?? 'write',
    question: { ...(tool?.question as Record<string, string> | undefined) },
    sends_patient: tool?.sends_patient ?? false,
    timeout_s: String(tool?.timeout_s ?? USUAL_S),
  }
}

/** `headers` is left out where none was written: those that are kept stay, unless they are `dropped`. */
export function bodyOf(wanted: Given, parameters: Record<string, unknown>, headers: readonly Header[], dropped: boolean): ToolIn {
  const named = headers.filter((one) => one.name.trim() && one.value)
  const asked = Object.entries(wanted.question).filter(([, text]) => text?.trim())
  return {
    ...wanted,
    url: wanted.url.trim() || null,
    command: wanted.kind === 'mcp' ? wanted.command.trim() || null : null,
    parameters: wanted.kind === 'http' ? parameters : {},
    question: Object.fromEntries(asked),
    timeout_s: Number(wanted.timeout_s),
    headers: named.length === 0 && !dropped ? null : Object.fromEntries(named.map((one) => [one.name.trim(), one.value])),
  }
}
