import { useEffect, type ReactNode } from 'react'
import { asProblem } from '@/api/client'
import { classes } from './classes'
import { Refused, Skeleton, type Asked } from './states'
import { useCommonWords } from './words'
import { FormAround } from './wrong'

/** A page's heading, and its name in the tab. */
export function Page({
  title,
  hint,
  actions,
  children,
  wide = false,
}: {
  title: string
  hint?: ReactNode
  actions?: ReactNode
  children: ReactNode
  wide?: boolean
}) {
  useEffect(() => {
    document.title = `${title} · Auricle`
  }, [title])
  return (
    <div className={classes('mx-auto flex w-full flex-col gap-6 p-4 sm:p-6', wide ? 'max-w-[96rem]' : 'max-w-6xl')}>
      <header className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight break-words">{title}</h1>
          {hint && <p className="mt-1 text-sm text-soft">{hint}</p>}
        </div>
        {actions && <div className="no-print flex flex-wrap gap-2">{actions}</div>}
      </header>
      <FormAround>{children}</FormAround>
    </div>
  )
}

/** The page of one thing. What is not there, or not for this reader, is a page with a heading all the same. */
export function PageOf<T>({ query, children }: { query: Asked<T>; children: (data: T) => ReactNode }) {
  const say = useCommonWords()
  if (query.data !== undefined) return children(query.data)
  if (query.isPending) return <Skeleton lines={8} className="p-4 sm:p-6" />
  const { status, context } = asProblem(query.error)
  const mistyped = Object.keys(context).some((place) => place.startsWith('path.')) // nothing can be called so
  return (
    <Page title={say(status === 404 || mistyped ? 'notFound' : status === 403 ? 'notAllowed' : 'wrong')}>
      <Refused error={query.error} retry={() => void query.refetch()} />
    </Page>
  )
}

export function Panel({
  title,
  actions,
  children,
  className,
}: {
  title?: string
  actions?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <section className={classes('min-w-0 rounded-xl border border-line bg-panel p-4 sm:p-5', className)}>
      {(title || actions) && (
        <header className="mb-3 flex flex-wrap items-center justify-between gap-2">
          {title && <h2 className="text-base font-semibold">{title}</h2>}
          {actions}
        </header>
      )}
      <FormAround>{children}</FormAround>
    </section>
  )
}

const tones = {
  neutral: 'bg-sunken text-ink',
  brand: 'bg-brand-wash text-ink',
  good: 'bg-good-wash text-good',
  warn: 'bg-warn-wash text-warn',
  bad: 'bg-bad-wash text-bad',
}
export type Tone = keyof typeof tones

export function Badge({ tone = 'neutral', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={classes('inline-flex items-center gap-1 rounded-full px-2.5 py-0.5 text-xs font-medium', tones[tone])}>
      {children}
    </span>
  )
}
