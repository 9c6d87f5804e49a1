import { useId, type ComponentProps, type ReactNode } from 'react'
import { classes } from './classes'
import { useCommonWords } from './words'
import { useFault } from './wrong'

const box =
  'w-full min-h-11 rounded-lg border border-line bg-panel px-3 py-2 text-base text-ink sm:text-sm ' +
  'aria-invalid:border-bad disabled:opacity-60'

interface Around {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
  /** The label is read aloud, not shown. */
  unlabelled?: boolean
  /** What the API calls it, where that is not the field's name. */
  told?: string
}

const FAULTS = { missing: 'wrongMissing', long: 'wrongLong', short: 'wrongShort', bad: 'wrongBad' } as const

/** `error` is what the form itself finds; else what the API found stands in its place. */
function useAround({ label, hint, error: found, unlabelled, name }: Omit<Around, 'told'> & { name: string | undefined }) {
  const say = useCommonWords()
  const id = useId()
  const fault = useFault(name, label)
  const error = found || (fault && say(FAULTS[fault]))
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].filter(Boolean).join(' ')
  const given = { id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined }
  const around = (control: ReactNode) => (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className={unlabelled ? 'sr-only' : 'text-sm font-medium'}>
        {label}
      </label>
      {control}
      {hint && (
        <p id={`${id}-hint`} className="text-sm text-soft">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-sm font-medium text-bad">
          {error}
        </p>
      )}
    </div>
  )
  return { given, around }
}

export function TextField({
  label,
  hint,
  error,
  unlabelled,
  told,
  className,
  ...rest
}: Around & Omit<ComponentProps<'input'>, 'id'>) {
  const { given, around } = useAround({ label, hint, error, unlabelled, name: told ?? rest.name })
  return around(<input type="text" className={classes(box, className)} {...given} {...rest} />)
}

export function TextArea({
  label,
  hint,
  error,
  unlabelled,
  told,
  className,
  ...rest
}: Around & Omit<ComponentProps<'textarea'>, 'id'>) {
  const { given, around } = useAround({ label, hint, error, unlabelled, name: told ?? rest.name })
  return around(<textarea rows={4} className={classes(box, className)} {...given} {...rest} />)
}

export interface Choice {
  value: string
  label: string
}

export function SelectField({
  label,
  hint,
  error,
  unlabelled,
  told,
  className,
  options,
  ...rest
}: Around & Omit<ComponentProps<'select'>, 'id'> & { options: readonly Choice[] }) {
  const { given, around } = useAround({ label, hint, error, unlabelled, name: told ?? rest.name })
  return around(
    <select className={classes(box, className)} {...given} {...rest}>
      {options.map((one) => (
        <option key={one.value} value={one.value}>
          {one.label}
        </option>
      ))}
    </select>,
  )
}

export function CheckField({ label, hint, ...rest }: { label: ReactNode; hint?: ReactNode } & ComponentProps<'input'>) {
  const id = useId()
  return (
    <div className="flex items-start gap-3">
      <input
        id={id}
        type="checkbox"
        className="mt-1 size-5 shrink-0 accent-brand"
        aria-describedby={hint ? `${id}-hint` : undefined}
        {...rest}
      />
      <div>
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-sm text-soft">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}
