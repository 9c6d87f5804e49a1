// Short notices that pass by themselves; one that can be undone stays long enough to do it.
import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from 'react'
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

const Context = createContext<Tell | null>(null)
const SHOWN_MS = 6_000
const MOST = 4

export function useTell(): Tell {
  const tell = useContext(Context)
  if (tell === null) throw new Error('no notices around this component')
  return tell
}

export function Notices({ children }: { children: ReactNode }) {
  const say = useCommonWords()
  const [shown, setShown] = useState<Notice[]>([])
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
  return (
    <Context value={tell}>
      {children}
      <div role="status" aria-live="polite" className="no-print fixed right-4 bottom-4 z-50 flex max-w-sm flex-col gap-2">
        {shown.map((one) => (
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
    </Context>
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
