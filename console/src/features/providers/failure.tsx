import { useProviderWords } from './words'

const KNOWN = ['busy', 'empty', 'failed', 'garbled', 'model_gone', 'refused', 'timeout', 'address_refused'] as const
const isKnown = (name: string): name is (typeof KNOWN)[number] => (KNOWN as readonly string[]).includes(name)

/** Why a provider did not do its work, in words, and the code for whoever looks into it. */
export function Failure({ code }: { code: string }) {
  const say = useProviderWords()
  const name = code.replace(/^provider\./, '')
  return (
    <span className="text-bad">
      {say(isKnown(name) ? `failure_${name}` : 'failure_failed')} <code className="text-xs break-all text-soft">{code}</code>
    </span>
  )
}
