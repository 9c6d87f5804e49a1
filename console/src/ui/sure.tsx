import type { ReactNode } from 'react'
import { Button } from './button'
import { Dialog } from './dialog'
import { Refused } from './states'
import { useCommonWords } from './words'

/** Asks before something is done that is hard to take back; `children` say what will happen. */
export function Sure({
  open,
  title,
  act,
  doing,
  onSure,
  onClose,
  children,
}: {
  open: boolean
  title: string
  /** What the button says that does it. */
  act: string
  doing: { isPending: boolean; isError: boolean; error: unknown }
  onSure: () => void
  onClose: () => void
  children: ReactNode
}) {
  const say = useCommonWords()
  return (
    <Dialog
      open={open}
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{say('cancel')}</Button>
          <Button kind="danger" busy={doing.isPending} onClick={onSure}>
            {act}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3 text-sm">{children}</div>
      {doing.isError && <Refused error={doing.error} />}
    </Dialog>
  )
}
