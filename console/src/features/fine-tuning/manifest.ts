// What the API says of an export in free form, read with a hold on every name: counts by kind, by file and by reason.

export interface FileIn {
  lines: number
  bytes: number
}
export interface Manifest {
  examples: Record<string, number>
  patients: number
  leftOut: Record<string, number>
  files: Record<string, FileIn>
}

export function manifestOf(raw: unknown): Manifest {
  const whole = record(raw)
  return {
    examples: numbers(whole.examples),
    patients: number(whole.patients),
    leftOut: numbers(whole.left_out),
    files: Object.fromEntries(
      Object.entries(record(whole.files)).map(([name, file]) => [name, { lines: number(record(file).lines), bytes: number(record(file).bytes) }]),
    ),
  }
}

export const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, one) => sum + one, 0)

const record = (raw: unknown) => (typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {})
const number = (raw: unknown) => (typeof raw === 'number' ? raw : 0)
const numbers = (raw: unknown) => Object.fromEntries(Object.entries(record(raw)).map(([name, one]) => [name, number(one)]))
