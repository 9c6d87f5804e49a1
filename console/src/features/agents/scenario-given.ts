// A scenario as the form holds it: lists as lines, what may be left open as text.
import type { Expected, Scenario } from '@/api/generated/types.gen'

type Either = 'any' | 'yes' | 'no'

interface GivenTurn {
  patient: string
  says_any: string
  says_all: string
  must_not_say: string
  calls: string
  calls_no_tool: boolean
  red_flag: string
  hands_over: Either
  ends_call: Either
  cites: string
  max_sentences: string
  /** What calls of a known turn must carry: the form does not show it, and keeps it. */
  known_calls: NonNullable<Expected['calls']>
}

export interface Given {
  name: string
  language: string
  turns: GivenTurn[]
}

export const EMPTY_TURN: GivenTurn = {
  patient: '',
  says_any: '',
  says_all: '',
  must_not_say: '',
  calls: '',
  calls_no_tool: false,
  red_flag: '',
  hands_over: 'any',
  ends_call: 'any',
  cites: '',
  max_sentences: '',
  known_calls: [],
}

export function given(known: Scenario | undefined): Given {
  if (!known) return { name: '', language: 'en', turns: [EMPTY_TURN] }
  const either = (value: boolean | null | undefined): Either => (value == null ? 'any' : value ? 'yes' : 'no')
  const turns = known.turns.map(({ patient, expect = {} }) => ({
    patient,
    says_any: (expect.says_any ?? []).join('\n'),
    says_all: (expect.says_all ?? []).join('\n'),
    must_not_say: (expect.must_not_say ?? []).join('\n'),
    calls: (expect.calls ?? []).map((one) => one.name).join(', '),
    calls_no_tool: expect.calls_no_tool ?? false,
    red_flag: expect.red_flag ?? '',
    hands_over: either(expect.hands_over),
    ends_call: either(expect.ends_call),
    cites: expect.cites ?? '',
    max_sentences: expect.max_sentences?.toString() ?? '',
    known_calls: expect.calls ?? [],
  }))
  return { name: known.name, language: known.language ?? 'en', turns }
}

export function scenarioOf(known: Scenario | undefined, wanted: Given): Scenario {
  const turns = wanted.turns.map((turn) => ({ patient: turn.patient, expect: expected(turn) }))
  return { ...known, name: wanted.name, language: wanted.language, turns }
}

function expected(turn: GivenTurn): Expected {
  const split = (text: string, by: string) => text.split(by).map((one) => one.trim()).filter(Boolean)
  const either = (value: Either) => (value === 'any' ? null : value === 'yes')
  return {
    says_any: split(turn.says_any, '\n'),
    says_all: split(turn.says_all, '\n'),
    must_not_say: split(turn.must_not_say, '\n'),
    calls: calls(split(turn.calls, ','), turn.known_calls),
    calls_no_tool: turn.calls_no_tool,
    red_flag: turn.red_flag.trim() || null,
    hands_over: either(turn.hands_over),
    ends_call: either(turn.ends_call),
    cites: turn.cites.trim() || null,
    max_sentences: turn.max_sentences ? Number(turn.max_sentences) : null,
  }
}

/** The same tool may be expected twice, with other arguments: each name takes its next known one. */
function calls(names: string[], known: GivenTurn['known_calls']): GivenTurn['known_calls'] {
  const left = [...known]
  return names.map((name) => {
    const at = left.findIndex((one) => one.name === name)
    return at < 0 ? { name } : left.splice(at, 1)[0]!
  })
}
