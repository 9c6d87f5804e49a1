import type { ReactNode } from 'react'
import { Button } from './button'
import { Dialog } from './dialog'
import { Refused } from './states'
import { useCommonWords } from './words'

/** Asks before what can't be taken back: what will happen, in words, and the button that does it. */
export function Confirm({
  open,
  title,
  action,
  busy,
  error,
  onDone,
  onClose,
  children,
}: {
  open: boolean
  title: string
  action: string
  busy: boolean
  error?: unknown
  onDone: () => void
  onClose: () => void
  children: ReactNode
}) {
  const common = useCommonWords()
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Button kind="danger" busy={busy} onClick={onDone}>
            {action}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-sm">{children}</div>
      {error ? <Refused error={error} /> : null}
    </Dialog>
  )
}
