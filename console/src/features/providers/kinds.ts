import { useProviderWords } from './words'

/** What a provider may do, in the order in which a conversation needs it. */
export const KINDS = ['stt', 'llm', 'tts', 'translation', 'embedding', 'rerank'] as const
export type Kind = (typeof KINDS)[number]

const isKnown = (name: string): name is Kind => (KINDS as readonly string[]).includes(name)

/** A kind by its word; one that this console does not know yet, by its own name. */
export function useKindName(): (name: string) => string {
  const say = useProviderWords()
  return (name) => (isKnown(name) ? say(`kind_${name}`) : name)
}
