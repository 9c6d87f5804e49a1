// The conversation as lines on the screen: a plain function from what the server says to what is shown.
export interface Line {
  key: number
  who: 'patient' | 'assistant'
  text: string
  /** Still being said: the words may change. */
  open: boolean
  interrupted: boolean
}

export interface Lines {
  all: readonly Line[]
  next: number
}

export type Said =
  | { type: 'transcript'; text: string; is_final: boolean; stored?: boolean }
  | { type: 'ai_response'; text: string; is_final: boolean; stored?: boolean }
  | { type: 'interrupted' }
  | { type: 'typed'; text: string }
  | { type: 'begun' }

export const NO_LINES: Lines = { all: [], next: 0 }
const MOST = 500 // lines kept on the page; the record has all

export function told(lines: Lines, said: Said): Lines {
  switch (said.type) {
    case 'begun':
      return NO_LINES
    case 'interrupted':
      return { ...lines, all: lines.all.map((one) => (one.open && one.who === 'assistant' ? { ...one, open: false, interrupted: true } : one)) }
    case 'typed':
      return added(lines, 'patient', said.text, false)
    case 'transcript':
      return spoken(lines, 'patient', said.text, said.is_final, said.stored === true)
    case 'ai_response':
      return spoken(lines, 'assistant', said.text, said.is_final, said.stored === true)
  }
}

function spoken(lines: Lines, who: Line['who'], text: string, final: boolean, stored: boolean): Lines {
  const at = stored ? -1 : lines.all.findLastIndex((one) => one.who === who && one.open)
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
  return { all: [...lines.all.slice(1 - MOST), line], next: lines.next + 1 }
}
