import { ArrowDown, ArrowUp, GripVertical, Pencil, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { ChoiceIo } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { classes } from '@/ui/classes'
import { Dialog } from '@/ui/dialog'
import { Badge } from '@/ui/page'
import type { Kind } from './kinds'
import { useDrag } from './order-drag'
import { EntryForm } from './order-entry'
import { useOrderWords } from './order-words'
import { MOST, moved, passedOver, type Finding } from './orders'
import type { Provider } from './provider-panel'

interface Asked {
  kind: Kind
  language: string
  list: ChoiceIo[]
  providers: readonly Provider[]
  /** What was found against this list, and by `.n` against its places. */
  found: (place: string) => Finding | undefined
  change: (list: ChoiceIo[]) => void
}

/** Who is asked in one language, first to last; moved by buttons or by drawing, and kept in the order's hands. */
export function OrderList({ kind, language, list, providers, found, change }: Asked) {
  const say = useOrderWords()
  const rows = useRef<HTMLOListElement>(null)
  const [open, setOpen] = useState<number | 'new' | null>(null)
  const [told, setTold] = useState('')
  const focus = useRef<{ at: number; button: 'up' | 'down' } | null>(null)
  const place = (from: number, to: number) => {
    setTold(say('movedTo', { provider: list[from]!.provider, n: to + 1, all: list.length }))
    change(moved(list, from, to))
  }
  const { dragged, handle } = useDrag(rows, place)
  useEffect(() => {
    // The button goes with what it moved; at the end of the list it is the other one that still works.
    const wanted = focus.current
    if (wanted === null) return
    focus.current = null
    const row = rows.current?.children[wanted.at]
    const button = row?.querySelector<HTMLElement>(`[data-to=${wanted.button}]:enabled`) ?? row?.querySelector<HTMLElement>('[data-to]:enabled')
    button?.focus()
  }, [list])
  const step = (at: number, button: 'up' | 'down') => {
    const to = button === 'up' ? at - 1 : at + 1
    focus.current = { at: to, button }
    place(at, to)
  }
  const shown = dragged ? moved(list, dragged.from, dragged.to) : list
  const against = found('')
  return (
    <div className="flex flex-col gap-2">
      <ol ref={rows} className="flex flex-col gap-2">
        {shown.map((entry, at) => (
          <Row
            key={at}
            at={at}
            last={list.length - 1}
            entry={entry}
            mark={passedOver(providers, kind, entry)}
            isDragged={dragged?.to === at}
            handle={handle(at)}
            finding={dragged ? undefined : found(`.${at}`)}
            step={(button) => step(at, button)}
            open={() => setOpen(at)}
            remove={() => change(list.filter((_, other) => other !== at))}
          />
        ))}
      </ol>
      <Against finding={against} />
      <p role="status" className="sr-only">
        {told}
      </p>
      {list.length < MOST && (
        <Button size="small" aria-haspopup="dialog" className="self-start" onClick={() => setOpen('new')}>
          {say('add')}
        </Button>
      )}
      <Dialog
        open={open !== null}
        title={open === 'new' ? say('add') : say('changeTitle', { n: (open ?? 0) + 1 })}
        onClose={() => setOpen(null)}
      >
        <EntryForm
          kind={kind}
          language={language}
          providers={providers}
          known={open === 'new' || open === null ? undefined : list[open]}
          onDone={(entry) => {
            change(open === 'new' ? [...list, entry] : list.map((one, at) => (at === open ? entry : one)))
            setOpen(null)
          }}
        />
      </Dialog>
    </div>
  )
}

type Mark = ReturnType<typeof passedOver>

interface RowAsked {
  at: number
  last: number
  entry: ChoiceIo
  mark: Mark
  isDragged: boolean
  handle: ReturnType<ReturnType<typeof useDrag>['handle']>
  finding: Finding | undefined
  step: (button: 'up' | 'down') => void
  open: () => void
  remove: () => void
}

function Row({ at, last, entry, mark, isDragged, handle, finding, step, open, remove }: RowAsked) {
  const say = useOrderWords()
  const { provider } = entry
  const acts = [
    { icon: ArrowUp, label: say('up', { provider }), onClick: () => step('up'), disabled: at === 0, 'data-to': 'up' },
    { icon: ArrowDown, label: say('down', { provider }), onClick: () => step('down'), disabled: at === last, 'data-to': 'down' },
    { icon: Pencil, label: say('change', { provider, n: at + 1 }), onClick: open, 'aria-haspopup': 'dialog' },
    { icon: Trash2, label: say('remove', { provider, n: at + 1 }), onClick: remove },
  ] as const
  return (
    <li
      className={classes(
        'flex flex-wrap items-center gap-x-1 rounded-lg border bg-page p-1 pl-0',
        isDragged ? 'border-brand bg-brand-wash' : 'border-line',
      )}
    >
      <span
        aria-hidden
        title={say('drag', { provider })}
        className="flex min-h-11 cursor-grab touch-none items-center pr-1 pl-2 text-soft"
        {...handle}
      >
        <GripVertical className="size-5" />
      </span>
      <Entry n={at + 1} entry={entry} mark={mark} />
      <span className="ml-auto flex">
        {acts.map(({ icon: Icon, label, ...rest }) => (
          <Button key={label} kind="quiet" size="icon" aria-label={label} {...rest}>
            <Icon aria-hidden className="size-4" />
          </Button>
        ))}
      </span>
      <Against finding={finding} className="w-full px-3 pb-2" />
    </li>
  )
}

/** A place as it reads: its number, the provider, and what of it. */
export function Entry({ n, entry, mark }: { n: number; entry: ChoiceIo; mark: Mark }) {
  const say = useOrderWords()
  return (
    <span className="flex min-w-0 flex-1 basis-20 flex-wrap items-center gap-x-2 text-sm">
      <span>{n}.</span>
      <span className="font-medium break-all">{entry.provider}</span>
      {entry.model && <code className="text-xs break-all text-soft">{entry.model}</code>}
      {entry.voice && <span className="break-all text-soft">{say('voiceOf', { voice: entry.voice })}</span>}
      {mark && <Badge tone="warn">{say(`${mark}Mark`)}</Badge>}
    </span>
  )
}

function Against({ finding, className }: { finding: Finding | undefined; className?: string }) {
  const say = useOrderWords()
  if (finding === undefined) return null
  return (
    <p lang={finding.why === 'told' ? 'en' : undefined} className={classes('text-sm font-medium text-bad', className)}>
      {finding.why === 'told' ? finding.text : say(finding.why)}
    </p>
  )
}
