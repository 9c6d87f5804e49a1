// The conversation as lines on the screen: a plain function from what the server says to what is shown.
export interface Line {
  key: number
  who: 'patient' | 'assistant' | 'clinician'
  text: string
  /** Still being said: the words may change. */
  open: boolean
  interrupted: boolean
}

export interface Lines {
  /** Of the sessions before this one. */
  before: readonly Line[]
  /** Of this session. */
  all: readonly Line[]
  next: number
}

/** A message of the record. Its text is what stood on the page; of an interrupted one less was heard. */
export interface Recorded {
  sender: string
  text: string
}

export type Said =
  | { type: 'transcript'; text: string; is_final: boolean }
  | { type: 'ai_response'; text: string; is_final: boolean }
  | { type: 'interrupted' }
  | { type: 'typed'; text: string }
  /** A session; `carried` texts, the last that were typed, went into it when it began. */
  | { type: 'begun'; carried: number }
  | { type: 'record'; messages: readonly Recorded[] }

export const NO_LINES: Lines = { before: [], all: [], next: 0 }
const MOST = 500 // lines of either kind kept on the page; the record has all

export function told(lines: Lines, said: Said): Lines {
  switch (said.type) {
    case 'begun': {
      const at = lines.all.length - said.carried
      const left = lines.all.slice(0, at).map((one) => ({ ...one, open: false }))
      return { ...lines, before: [...lines.before, ...left].slice(-MOST), all: lines.all.slice(at) }
    }
    case 'record':
      return recorded(lines, said.messages)
    case 'interrupted':
      return { ...lines, all: lines.all.map((one) => (one.open && one.who === 'assistant' ? { ...one, open: false, interrupted: true } : one)) }
    case 'typed':
      return added(lines, 'patient', said.text, false)
    case 'transcript':
      return spoken(lines, 'patient', said.text, said.is_final)
    case 'ai_response':
      return spoken(lines, 'assistant', said.text, said.is_final)
  }
}

function recorded(lines: Lines, messages: readonly Recorded[]): Lines {
  const before = messages.slice(-MOST).map(({ sender, text }, n): Line => {
    const who = sender === 'patient' || sender === 'clinician' ? sender : 'assistant'
    return { key: lines.next + n, who, text, open: false, interrupted: false }
  })
  return { ...lines, before, next: lines.next + before.length }
}

function spoken(lines: Lines, who: Line['who'], text: string, final: boolean): Lines {
  const at = lines.all.findLastIndex((one) => one.who === who && one.open)
  if (at < 0) return added(lines, who, text, !final)
  const grown = lines.all.map((one, n) =>
    n !== at
      ? one
      : // A final answer is told whole; sentences before it come one by one. A patient's interim replaces the last.
        { ...one, text: who === 'assistant' && !final ? one.text + text : text, open: !final },
  )
  return { ...lines, all: grown }
}

function added(lines: Lines, who: Line['who'], text: string, open: boolean): Lines {
  const line: Line = { key: lines.next, who, text, open, interrupted: false }
  return { ...lines, all: [...lines.all.slice(1 - MOST), line], next: lines.next + 1 }
}
