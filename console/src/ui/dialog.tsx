// The browser's own modal dialog: it keeps the focus, closes on Escape, and needs no style of its own in the page.
import { X } from 'lucide-react'
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { Button } from './button'
import { NoticesHere } from './toast'
import { useUnsaved } from './unsaved'
import { useCommonWords } from './words'
import { FormAround } from './wrong'

export function Dialog({
  open,
  title,
  onClose,
  children,
  actions,
}: {
  open: boolean
  title: string
  onClose: () => void
  children: ReactNode
  actions?: ReactNode
}) {
  const say = useCommonWords()
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const [typed, setTyped] = useState(false)
  useUnsaved(open && typed, 'dialog')
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal()
    if (open) return
    dialog.current?.close()
    setTyped(false)
  }, [open])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onClose={onClose}
      className="w-[min(36rem,calc(100vw-2rem))] rounded-2xl border border-line bg-panel p-0 shadow-xl"
    >
      {open && (
        <div onInput={() => setTyped(true)} className="flex flex-col gap-4 p-5">
          <header className="flex items-start justify-between gap-3">
            <h2 id={heading} className="text-lg font-semibold">
              {title}
            </h2>
            <Button kind="quiet" size="icon" aria-label={say('close')} onClick={onClose} className="-m-2">
              <X aria-hidden className="size-5" />
            </Button>
          </header>
          <FormAround>{children}</FormAround>
          {actions && <footer className="flex flex-wrap justify-end gap-2">{actions}</footer>}
        </div>
      )}
      {open && <NoticesHere />}
    </dialog>
  )
}
