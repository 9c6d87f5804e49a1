// What a sorted list asks for, apart from how it is shown.

/** A field, with `-` before it from the last to the first. */
export type Sort<F extends string> = F | `-${F}`

const NUMBERS = ['byte_size', 'seconds', 'total_ms', 'cost_usd']

export const fieldOf = (sort: string) => sort.replace(/^-/, '')

/** What first and last mean for a field. */
export function kindOf(field: string) {
  if (/(^|_)at$|^since$/.test(field)) return 'time'
  return NUMBERS.includes(field) ? 'number' : 'text'
}

/** What a click on a field's head asks for: up, down, and back to the start where no head shows that. */
export function turned<F extends string>(sort: Sort<F>, start: Sort<F>, field: F, startHasHead: boolean): Sort<F> {
  if (sort === field) return `-${field}`
  if (sort === `-${field}` && !startHasHead) return start
  return field
}
