// Short notices that pass by themselves; one that can be undone stays long enough to do it.
import { createContext, useCallback, useContext, useEffect, useId, useMemo, useRef, useState, type ReactNode } from 'react'
import { asProblem, type Problem } from '@/api/client'
import { Button } from './button'
import { useWhy } from './states'
import { useCommonWords } from './words'

interface Notice {
  id: number
  text: string
  /** Why not, for what was refused; `text` then says what of, if that is not plain. */
  problem?: Problem
  undo?: () => void
}
interface Tell {
  (text: string, undo?: () => void): void
  refusal: (error: unknown) => void
  /** One of several that were asked for was refused: which, and why. */
  refusalOf: (what: string, error: unknown) => void
}

/** What is shown at present, and in which region: in the one that was entered last. */
interface Shown {
  shown: readonly Notice[]
  drop: (id: number) => void
  enter: (region: string) => () => void
  foremost: string
}

const Context = createContext<Tell | null>(null)
const Now = createContext<Shown>({ shown: [], drop: () => undefined, enter: () => () => undefined, foremost: '' })
const SHOWN_MS = 6_000
const MOST = 4
const PAGE = 'page'

export function useTell(): Tell {
  const tell = useContext(Context)
  if (tell === null) throw new Error('no notices around this component')
  return tell
}

export function Notices({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Notice[]>([])
  const [regions, setRegions] = useState<string[]>([])
  const next = useRef(0)

  const drop = useCallback((id: number) => setShown((all) => all.filter((one) => one.id !== id)), [])
  const add = useCallback(
    (notice: Omit<Notice, 'id'>) => {
      const id = next.current++
      setShown((all) => [...all.slice(1 - MOST), { ...notice, id }])
      window.setTimeout(() => drop(id), SHOWN_MS)
    },
    [drop],
  )
  const [tell] = useState<Tell>(() =>
    Object.assign((text: string, undo?: () => void) => add({ text, undo }), {
      refusal: (error: unknown) => add({ text: '', problem: asProblem(error) }),
      refusalOf: (what: string, error: unknown) => add({ text: what, problem: asProblem(error) }),
    }),
  )
  const enter = useCallback((region: string) => {
    setRegions((all) => [...all, region])
    return () => setRegions((all) => all.filter((one) => one !== region))
  }, [])
  const now = useMemo(() => ({ shown, drop, enter, foremost: regions.at(-1) ?? PAGE }), [shown, drop, enter, regions])
  return (
    <Context value={tell}>
      <Now value={now}>
        {children}
        <Region name={PAGE} />
      </Now>
    </Context>
  )
}

/** Notices stand here while this is there: in each open dialog, for what lies behind one can't be read aloud or pressed. */
export function NoticesHere() {
  const name = useId()
  const { enter } = useContext(Now)
  useEffect(() => enter(name), [enter, name])
  return <Region name={name} />
}

function Region({ name }: { name: string }) {
  const say = useCommonWords()
  const { shown, drop, foremost } = useContext(Now)
  return (
    <div role="status" aria-live="polite" className="no-print fixed right-4 bottom-4 z-50 flex max-w-sm flex-col gap-2">
      {name === foremost &&
        shown.map((one) => (
          <div
            key={one.id}
            className={`flex items-center justify-between gap-3 rounded-xl border border-line p-3 text-sm shadow-lg ${one.problem ? 'bg-bad-wash' : 'bg-panel'}`}
          >
            <span className="min-w-0 break-words">
              {one.text}
              {one.problem && <Why of={one.text} problem={one.problem} />}
            </span>
            {one.undo && (
              <Button
                size="small"
                onClick={() => {
                  one.undo?.()
                  drop(one.id)
                }}
              >
                {say('undo')}
              </Button>
            )}
          </div>
        ))}
    </div>
  )
}

function Why({ of, problem }: { of: string; problem: Problem }) {
  const { text, lang } = useWhy()(problem)
  return (
    <>
      {of && ': '}
      <span lang={lang}>{text}</span> <span className="text-soft">({problem.code})</span>
    </>
  )
}
