// What a page shows while it has nothing to show: loading, empty, refused.
import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { asProblem, type Problem } from '@/api/client'
import { useLanguage } from '@/i18n'
import { useRefusalWords } from '@/i18n/hindi'
import { Button } from './button'
import { classes } from './classes'
import { useCommonWords } from './words'
import { useWrong } from './wrong'

export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  const say = useCommonWords()
  return (
    <div role="status" aria-label={say('loading')} className={classes('flex flex-col gap-3', className)}>
      {Array.from({ length: lines }, (_, n) => (
        <div key={n} className={classes('h-5 animate-pulse rounded bg-sunken', n === lines - 1 && 'w-2/3')} />
      ))}
    </div>
  )
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-3 rounded-xl border border-dashed border-line p-8 text-center">
      <p className="font-medium">{title}</p>
      {children && <div className="max-w-prose text-sm text-soft">{children}</div>}
      {action}
    </div>
  )
}

/** Why, in the reader's language where we have the words. Told with the language that they are in. */
export function useWhy(): (problem: Problem) => { text: string; lang: 'en' | 'hi' } {
  const say = useCommonWords()
  const refusal = useRefusalWords()
  const lang = useLanguage()
  return ({ status, code, message }) => {
    if (status === 0) return { text: say('offline'), lang }
    const text = refusal(code, message)
    return text ? { text, lang: text === message ? 'en' : lang } : { text: say('wrong'), lang }
  }
}

/** A refusal in words, with the request's id for whoever is asked about it. */
export function Refused({ error, retry }: { error: unknown; retry?: () => void }) {
  const say = useCommonWords()
  const problem = asProblem(error)
  const why = useWhy()(problem)
  return (
    <div role="alert" className="flex items-start gap-3 rounded-xl bg-bad-wash p-4 text-sm">
      <CircleAlert aria-hidden className="mt-0.5 size-5 shrink-0 text-bad" />
      <div className="flex min-w-0 flex-col gap-1">
        <p lang={why.lang} className="font-medium">
          {why.text}
        </p>
        <Fields problem={problem} />
        <p className="break-all text-soft">
          {problem.code}
          {problem.requestId && ` · ${say('request', { id: problem.requestId })}`}
        </p>
        {retry && (
          <div>
            <Button size="small" onClick={retry}>
              {say('again')}
            </Button>
          </div>
        )}
      </div>
    </div>
  )
}

const FAULTS = { missing: 'fieldMissing', long: 'fieldLong', short: 'fieldShort', bad: 'fieldBad' } as const
const MOST_FIELDS = 5

/** Which of what was typed is not valid: by its label where the form is around, else as the API calls it. */
function Fields({ problem }: { problem: Problem }) {
  const say = useCommonWords()
  const wrong = useWrong(problem)
  if (wrong.length === 0) return null
  return (
    <ul className="break-words">
      {wrong.slice(0, MOST_FIELDS).map(({ name, label, fault }) => (
        <li key={name}>
          {label ?? <code>{name}</code>}: {say(FAULTS[fault])}
        </li>
      ))}
    </ul>
  )
}

/** What is needed of a query to show it. */
export interface Asked<T> {
  data: T | undefined
  error: unknown
  isPending: boolean
  refetch: () => unknown
}

/** A query's answer, or why there is none yet. */
export function Loaded<T>({
  query,
  lines,
  children,
}: {
  query: Asked<T>
  lines?: number
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.isPending) return <Skeleton lines={lines} />
  return <Refused error={query.error} retry={() => void query.refetch()} />
}
