/** What a provider may do, in the order in which a conversation needs it. */
export const KINDS = ['stt', 'llm', 'tts', 'translation', 'embedding', 'rerank'] as const
export type Kind = (typeof KINDS)[number]
