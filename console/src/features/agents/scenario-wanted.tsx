// What a scenario expects, and why one could not be played, as sentences.
import { useAlarmName } from '@/i18n/names'
import { Failed } from '@/ui/failed'
import { useScenarioWords } from './scenario-words'

const EXPECTATIONS = [
  'says_any', 'says_all', 'must_not_say', 'calls', 'calls_no_tool', 'red_flag', 'hands_over', 'ends_call', 'cites', 'max_sentences',
] as const
const among = <T extends string>(all: readonly T[], name: unknown): name is T => (all as readonly unknown[]).includes(name)

/** Names of tools and their arguments, as people read them. */
export const spaced = (name: string) => name.replaceAll('_', ' ')

/** One expectation: “says none of: ‘cancer’”. One that this console does not know yet stands by its own name. */
export function useWanted(): (check: { expectation: string; wanted: unknown }) => string {
  const say = useScenarioWords()
  const alarm = useAlarmName()
  return ({ expectation, wanted }) => {
    if (!among(EXPECTATIONS, expectation)) return `${spaced(expectation)}: ${plain(wanted, say)}`
    if (expectation === 'calls_no_tool') return say('expect_calls_no_tool')
    if (expectation === 'red_flag') return say('expect_red_flag', { what: alarm(String(wanted)) })
    return say(`expect_${expectation}`, { what: plain(wanted, say) })
  }
}

export function Broken({ code }: { code: string }) {
  const say = useScenarioWords()
  return (
    <p className="text-bad">
      {say('broken')} <Failed code={code} />
    </p>
  )
}

function plain(wanted: unknown, say: ReturnType<typeof useScenarioWords>): string {
  if (typeof wanted === 'boolean') return say(wanted ? 'yes' : 'no')
  if (Array.isArray(wanted)) return wanted.map((one) => plain(one, say)).join(', ')
  if (typeof wanted === 'string') return `“${wanted}”`
  if (typeof wanted !== 'object' || wanted === null) return String(wanted)
  if (!('name' in wanted)) return JSON.stringify(wanted)
  const { name, arguments: given } = wanted as { name: string; arguments?: Record<string, unknown> }
  const told = Object.entries(given ?? {}).map(([key, value]) => `${spaced(key)} ${plain(value, say)}`)
  return told.length > 0 ? `${spaced(name)} (${told.join(', ')})` : spaced(name)
}
