// What one version of a template changes in another, field by field.
import type { NotePart, Template } from '@/api/generated/types.gen'

export type Field =
  | 'name' | 'specialty' | 'instructions' | 'order' | 'part' | 'heading' | 'section' | 'required' | 'kinds' | 'words' | 'also'

export interface Change {
  /** The key of the part it is in; none for the template as a whole. */
  part: string | null
  field: Field
  /** Of a name or heading. */
  language: string | null
  before: Value
  after: Value
}
export type Value = string | boolean | readonly string[] | null

export function compared(before: Template, after: Template): Change[] {
  const was = new Map(before.parts.map((one) => [one.key, one]))
  const now = new Map(after.parts.map((one) => [one.key, one]))
  const keys = [...new Set([...after.parts, ...before.parts].map((one) => one.key))]
  return [
    ...titles(null, 'name', before.name, after.name),
    ...field(null, 'specialty', before.specialty ?? '', after.specialty ?? ''),
    ...field(null, 'instructions', before.instructions ?? '', after.instructions ?? ''),
    ...order(before, after),
    ...keys.flatMap((key) => part(key, was.get(key), now.get(key))),
  ]
}

function order(before: Template, after: Template): Change[] {
  const both = (all: readonly NotePart[], other: readonly NotePart[]) =>
    all.map((one) => one.key).filter((key) => other.some((one) => one.key === key))
  return field(null, 'order', both(before.parts, after.parts), both(after.parts, before.parts))
}

function part(key: string, was: NotePart | undefined, now: NotePart | undefined): Change[] {
  if (!was || !now) return field(key, 'part', was ? key : null, now ? key : null)
  return [
    ...titles(key, 'heading', was.heading, now.heading),
    ...field(key, 'section', was.section, now.section),
    ...field(key, 'instructions', was.instructions ?? '', now.instructions ?? ''),
    ...field(key, 'required', was.required ?? false, now.required ?? false),
    ...field(key, 'kinds', was.kinds ?? [], now.kinds ?? []),
    ...field(key, 'words', was.words ?? [], now.words ?? []),
    ...field(key, 'also', was.also ?? [], now.also ?? []),
  ]
}

function titles(at: string | null, name: Field, was: Record<string, unknown>, now: Record<string, unknown>): Change[] {
  const languages = [...new Set([...Object.keys(now), ...Object.keys(was)])]
  return languages.flatMap((language) =>
    field(at, name, String(was[language] ?? ''), String(now[language] ?? '')).map((one) => ({ ...one, language })),
  )
}

function field(at: string | null, name: Field, before: Value, after: Value): Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  return [{ part: at, field: name, language: null, before, after }]
}
