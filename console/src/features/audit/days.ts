/** Whole days by the reader's clock, both included. */
export interface Days {
  from?: string
  to?: string
}

/** As the API takes them: instants, the end excluded. */
export function instantsOf({ from, to }: Days): { from?: string; to?: string } {
  const end = to ? new Date(`${to}T00:00`) : undefined
  end?.setDate(end.getDate() + 1) // the day after, also where the clock is changed
  return { from: from ? new Date(`${from}T00:00`).toISOString() : undefined, to: end?.toISOString() }
}
