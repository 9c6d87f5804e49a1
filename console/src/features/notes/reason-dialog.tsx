import { useState, type FormEvent } from 'react'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { CheckField, TextArea } from '@/ui/field'
import { useCommonWords } from '@/ui/words'

/** Asks for some words, and for a yes besides where `also` is given. */
export function ReasonDialog({
  open,
  title,
  label,
  hint,
  also,
  required = true,
  busy,
  action,
  onDone,
  onClose,
}: {
  open: boolean
  title: string
  label: string
  hint?: string
  also?: string
  required?: boolean
  busy: boolean
  action: string
  onDone: (words: string, also: boolean) => void
  onClose: () => void
}) {
  const common = useCommonWords()
  const [words, setWords] = useState('')
  const [yes, setYes] = useState(false)
  const done = (event: FormEvent) => {
    event.preventDefault()
    onDone(words.trim(), yes)
    setWords('')
    setYes(false)
  }
  return (
    <Dialog open={open} title={title} onClose={onClose}>
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
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Button type="submit" kind="primary" busy={busy} disabled={required && !words.trim()}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
