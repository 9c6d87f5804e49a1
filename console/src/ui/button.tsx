import { cva, type VariantProps } from 'class-variance-authority'
import { LoaderCircle } from 'lucide-react'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { classes } from './classes'

const look = cva(
  'inline-flex min-h-11 items-center justify-center gap-2 rounded-lg px-4 text-sm font-medium transition-colors ' +
    'disabled:cursor-not-allowed disabled:opacity-55 whitespace-nowrap',
  {
    variants: {
      kind: {
        primary: 'bg-brand text-brand-ink hover:bg-brand-strong',
        plain: 'border border-line bg-panel text-ink hover:bg-sunken',
        quiet: 'text-ink hover:bg-sunken',
        danger: 'bg-bad text-page hover:opacity-90',
      },
      size: { usual: '', small: 'min-h-9 px-3', icon: 'size-11 px-0' },
    },
    defaultVariants: { kind: 'plain', size: 'usual' },
  },
)

type Props = ComponentProps<'button'> & VariantProps<typeof look> & { busy?: boolean; asChild?: boolean }

/** A button; `busy` shows that it works and takes no second press; `asChild` lends its look to a link. */
export function Button({ kind, size, busy = false, asChild = false, className, children, disabled, ...rest }: Props) {
  const shown = classes(look({ kind, size }), className)
  if (asChild)
    return (
      <Slot.Root className={shown} {...rest}>
        {children}
      </Slot.Root>
    )
  return (
    <button type="button" className={shown} disabled={disabled || busy} aria-busy={busy || undefined} {...rest}>
      {busy && <LoaderCircle aria-hidden className="size-4 animate-spin" />}
      {children}
    </button>
  )
}
