import { useFailureWords } from '@/i18n/hindi'

/** Why something failed behind the scenes, in words, and the code for whoever looks into it. */
export function Failed({ code }: { code: string }) {
  const words = useFailureWords()(code)
  return (
    <span className="text-sm text-bad">
      {words !== code && `${words} `}
      <code className="text-xs break-all text-soft">{code}</code>
    </span>
  )
}
