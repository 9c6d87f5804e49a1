import { useState, type FormEvent } from 'react'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { CheckField, TextArea } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useCommonWords } from '@/ui/words'

interface Asking {
  label: string
  hint?: string
  also?: string
  required?: boolean
  busy: boolean
  action: string
  /** Why it was refused: the words stay, to be given again. */
  error?: unknown
  onDone: (words: string, also: boolean) => void
  onClose: () => void
}

/** Asks for some words, and for a yes besides where `also` is given. */
export function ReasonDialog({ open, title, ...asking }: Asking & { open: boolean; title: string }) {
  return (
    <Dialog open={open} title={title} onClose={asking.onClose}>
      <Reason {...asking} />
    </Dialog>
  )
}

/** There only while the dialog is open: words that were given of one thing are not found under the next. */
function Reason({ label, hint, also, required = true, busy, action, error, onDone, onClose }: Asking) {
  const common = useCommonWords()
  const [words, setWords] = useState('')
  const [yes, setYes] = useState(false)
  const done = (event: FormEvent) => {
    event.preventDefault()
    onDone(words.trim(), yes)
  }
  return (
    <form onSubmit={done} className="flex flex-col gap-4">
      <TextArea
        label={label}
        hint={hint}
        value={words}
        required={required}
        maxLength={2000}
        onChange={(event) => setWords(event.target.value)}
      />
      {also && <CheckField label={also} checked={yes} onChange={(event) => setYes(event.target.checked)} />}
      {error ? <Refused error={error} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={busy} disabled={required && !words.trim()}>
          {action}
        </Button>
      </div>
    </form>
  )
}
