// An organization's order of providers as the page holds it, and every change to it: a new one each time, so that any
// change can be taken back.
import type { ChoiceIo } from '@/api/generated/types.gen'
import type { Kind } from './kinds'
import type { Provider } from './provider-panel'

/** kind → language, or `default` for any other → who is asked, first to last. */
export type Orders = Record<string, Record<string, ChoiceIo[]>>

export const ANY = 'default'
export const MOST = 8 // entries of one list

/** The list of one language anew; an empty one is none. */
export function withList(orders: Orders, kind: string, language: string, list: ChoiceIo[]): Orders {
  const { [language]: _, ...others } = orders[kind] ?? {}
  const lists = list.length > 0 ? { ...orders[kind], [language]: list } : others
  const { [kind]: __, ...kinds } = orders
  return Object.keys(lists).length > 0 ? { ...orders, [kind]: lists } : kinds
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const left = list.filter((_, at) => at !== from)
  return [...left.slice(0, to), list[from]!, ...left.slice(to)]
}

/** The languages of a kind as they are shown: those that are named, by the alphabet, and then any other. */
export function languagesOf(lists: Record<string, unknown>): string[] {
  return Object.keys(lists).sort((a, b) => Number(a === ANY) - Number(b === ANY) || a.localeCompare(b))
}

/** Whether a provider can be asked for this; a language model translates too. */
export function can({ capabilities, languages }: Provider, kind: Kind, language: string): boolean {
  const able = capabilities.includes(kind) || (kind === 'translation' && capabilities.includes('llm'))
  return able && (language === ANY || (languages[kind]?.includes(language) ?? true))
}

/** What a new list begins with: what is asked now, as far as it knows the language; else everybody who can, this machine last. */
export function beginning(providers: readonly Provider[], inForce: Record<string, ChoiceIo[]> | undefined, kind: Kind, language: string): ChoiceIo[] {
  const able = providers.filter((one) => can(one, kind, language))
  const asked = (inForce?.[ANY] ?? []).filter((one) => able.some(({ name }) => name === one.provider))
  if (asked.length > 0) return asked
  return [...able]
    .sort((a, b) => Number(a.is_local) - Number(b.is_local))
    .slice(0, MOST)
    .map(({ name }) => ({ provider: name }))
}

export type Finding = { why: 'gone' | 'unable' | 'language' | 'voiceUnlisted' } | { why: 'told'; text: string }

/** What the API has against an order, by place ("stt.hi.0"): the known reasons from what is there, others in its own words. */
export function findings(orders: Orders, providers: readonly Provider[], context: Record<string, unknown>): Record<string, Finding> {
  const found: Record<string, Finding> = {}
  for (const [place, text] of Object.entries(context)) {
    const [kind = '', language = '', at] = place.split('.')
    const list = orders[kind]?.[language]
    if (list === undefined) continue
    const entry = at === undefined ? undefined : list[Number(at)]
    if (entry === undefined) found[place] = { why: 'language' }
    else {
      const why = passedOver(providers, kind as Kind, entry)
      found[place] = why ? { why } : toldAs(String(text))
    }
  }
  return found
}

/** The API tells this one by its words alone; any other stands as it is told. */
function toldAs(text: string): Finding {
  return text === 'The provider does not list this voice.' ? { why: 'voiceUnlisted' } : { why: 'told', text }
}

/** Why a place is passed over, which the API may allow: it knows nothing there of what an account was told not to do. */
export function passedOver(providers: readonly Provider[], kind: Kind, entry: ChoiceIo): 'gone' | 'unable' | null {
  const provider = providers.find(({ name }) => name === entry.provider)
  if (provider === undefined) return 'gone'
  return can(provider, kind, ANY) ? null : 'unable'
}
