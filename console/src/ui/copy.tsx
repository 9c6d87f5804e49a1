import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from './button'
import { useTell } from './toast'
import { useCommonWords } from './words'

const SHOWN_MS = 3_000

/** A text that somebody has to take elsewhere, letter for letter. */
export function CopyText({ label, text }: { label: string; text: string }) {
  const say = useCommonWords()
  const tell = useTell()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const over = window.setTimeout(() => setCopied(false), SHOWN_MS)
    return () => window.clearTimeout(over)
  }, [copied])
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true)
        tell(say('copied'))
      },
      () => tell(say('copyYourself')), // without TLS, browsers lend nobody the clipboard
    )
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <p className="text-sm font-medium">{label}</p>
      <div className="flex items-start gap-2 rounded-lg bg-sunken p-1 pl-3">
        <code className="min-w-0 flex-1 py-2.5 text-sm break-words select-all">{text}</code>
        <Button kind="quiet" size="icon" aria-label={`${say('copy')}: ${label}`} onClick={() => void copy()}>
          {copied ? <Check aria-hidden className="size-4 text-good" /> : <Copy aria-hidden className="size-4" />}
        </Button>
      </div>
    </div>
  )
}
