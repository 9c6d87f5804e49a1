// A tool's arguments as rows that one fills in, and as the JSON schema that the API takes.
export const KINDS = ['string', 'integer', 'number', 'boolean'] as const
export type Kind = (typeof KINDS)[number]

export interface Argument {
  name: string
  kind: Kind
  meaning: string
  required: boolean
}

const MOST_CHARACTERS = 200 // of a text, where nobody said how long it may be
const PLAIN_KEYS = ['type', 'description', 'maxLength']

/** The rows of a schema; null where it says more than rows can. */
export function rowsOf(schema: Record<string, unknown>): Argument[] | null {
  const { properties = {}, required = [], type = 'object', additionalProperties = false, ...more } = schema
  if (Object.keys(more).length > 0 || type !== 'object' || additionalProperties !== false) return null
  if (typeof properties !== 'object' || properties === null || !Array.isArray(required)) return null
  const rows: Argument[] = []
  for (const [name, told] of Object.entries(properties as Record<string, Record<string, unknown>>)) {
    const kind = KINDS.find((one) => one === told.type)
    if (kind === undefined || Object.keys(told).some((key) => !PLAIN_KEYS.includes(key))) return null
    rows.push({ name, kind, meaning: String(told.description ?? ''), required: required.includes(name) })
  }
  return rows
}

/** What one fills in to try a tool: of a richer schema too, where each argument is of a plain kind. */
export function fieldsOf(schema: Record<string, unknown>): Argument[] | null {
  const { properties = {}, required } = schema as { properties?: Record<string, Record<string, unknown>>; required?: unknown }
  const plain = Object.entries(properties).map(([name, { type, description }]) => [name, { type, description }])
  return rowsOf({ properties: Object.fromEntries(plain), required: required ?? [] })
}

/** What `before` says of an argument's length stays. */
export function schemaOf(rows: readonly Argument[], before: Record<string, unknown> = {}): Record<string, unknown> {
  const named = rows.filter((one) => one.name.trim())
  const known = (before.properties ?? {}) as Record<string, { maxLength?: number }>
  const properties = Object.fromEntries(
    named.map(({ name, kind, meaning }) => [
      name.trim(),
      {
        type: kind,
        ...(meaning.trim() && { description: meaning.trim() }),
        ...(kind === 'string' && { maxLength: known[name.trim()]?.maxLength ?? MOST_CHARACTERS }),
      },
    ]),
  )
  const required = named.filter((one) => one.required).map((one) => one.name.trim())
  return named.length === 0 ? {} : { properties, ...(required.length > 0 && { required }) }
}

/** What was typed into one argument's field, as a value of its kind; undefined: left out. */
export function valueOf(kind: Kind, typed: string): unknown {
  if (typed === '') return undefined
  if (kind === 'boolean') return typed === 'true'
  return kind === 'string' ? typed : Number(typed)
}
