// Which of what was typed the API found wrong. A refusal tells it here, and each field of that name says so beside itself; the
// refusal in turn learns from the fields what they are called on the page. A form names its fields as the API does.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { Problem } from '@/api/client'

/** What is wrong with a field, by the API's name of it ("email", "admin.email"). */
export type Wrong = Readonly<Record<string, Fault>>
export type Fault = 'missing' | 'long' | 'short' | 'bad'

const FAULTS: Readonly<Record<string, Fault>> = { missing: 'missing', string_too_long: 'long', too_long: 'long', string_too_short: 'short', too_short: 'short' }
const NONE: Wrong = {}

interface Around {
  wrong: Wrong
  labels: ReadonlyMap<string, ReactNode>
  tell: (wrong: Wrong) => void
  enter: (name: string, label: ReactNode) => () => void
}

const Here = createContext<Around>({ wrong: NONE, labels: new Map(), tell: () => undefined, enter: () => () => undefined })

/** The fields and the refusals in here belong together, as do those further out with them. */
export function FormAround({ children }: { children: ReactNode }) {
  const above = useContext(Here)
  const [own, tell] = useState(NONE)
  const [labels] = useState(() => new Map<string, ReactNode>())
  const enterAbove = above.enter
  const enter = useCallback(
    (name: string, label: ReactNode) => {
      const leave = enterAbove(name, label)
      labels.set(name, label)
      return () => {
        labels.delete(name)
        leave()
      }
    },
    [labels, enterAbove],
  )
  const here = useMemo(() => ({ wrong: { ...above.wrong, ...own }, labels, tell, enter }), [above.wrong, own, labels, enter])
  return <Here value={here}>{children}</Here>
}

/** What the API found wrong with the field of this name, which is called by `label` meanwhile. */
export function useFault(name: string | undefined, label: ReactNode): Fault | undefined {
  const { wrong, enter } = useContext(Here)
  useEffect(() => (name === undefined ? undefined : enter(name, label)), [enter, name, label])
  return name === undefined ? undefined : wrong[name]
}

/** Tells the fields around what is wrong with them while this is shown; what is wrong, each by what the page calls it. */
export function useWrong(problem: Problem): { name: string; label: ReactNode; fault: Fault }[] {
  const { labels, tell } = useContext(Here)
  const wrong = useMemo(() => wrongOf(problem), [problem])
  useEffect(() => {
    tell(wrong)
    return () => tell(NONE)
  }, [tell, wrong])
  return Object.entries(wrong).map(([name, fault]) => ({ name, label: labels.get(name), fault }))
}

const BODY = 'body.'

/** The fields that a refusal names. The API names fields as its requests do. */
export function wrongOf({ code, context }: Pick<Problem, 'code' | 'context'>): Wrong {
  if (code !== 'validation.invalid') return NONE
  const told = Object.entries(context).filter(([place]) => place.startsWith(BODY))
  return Object.fromEntries(told.map(([place, kind]) => [place.slice(BODY.length), FAULTS[String(kind)] ?? 'bad']))
}
