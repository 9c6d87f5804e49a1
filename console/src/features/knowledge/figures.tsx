import type { TotalsOut } from '@/api/generated/types.gen'
import { useTime } from '@/ui/time'
import { useEvaluationWords } from './evaluation-words'

export const MEASURES = [
  'answered',
  'unanswered',
  'wrongly_answered',
  'rightly_refused',
  'success_at_1',
  'success_at_3',
  'success_at_5',
  'success_at_10',
  'ndcg_at_10',
  'mrr_at_10',
  'wall_ms_p50',
  'wall_ms_p95',
] as const
export type Measure = (typeof MEASURES)[number]
const FIRST: readonly Measure[] = MEASURES.slice(0, 4)
const LESS_IS_BETTER: readonly Measure[] = ['unanswered', 'wrongly_answered', 'wall_ms_p50', 'wall_ms_p95']

/** A measure as one reads it: shares in percent, times in milliseconds. `signed` for differences. */
export function useFigure(): (measure: Measure, value: number | null | undefined, signed?: boolean) => string {
  const say = useEvaluationWords()
  const time = useTime()
  return (measure, value, signed = false) => {
    if (value === null || value === undefined) return '–'
    const signDisplay = signed ? 'exceptZero' : 'auto'
    if (measure.startsWith('wall_')) return say('time', { n: time.number(value, { maximumFractionDigits: 0, signDisplay }) })
    if (measure === 'ndcg_at_10' || measure === 'mrr_at_10')
      return time.number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay })
    return time.number(value, { style: 'percent', maximumFractionDigits: 1, signDisplay })
  }
}

/** Whether a difference is for the better (1), for the worse (-1) or neither. */
export function direction(measure: Measure, difference: number | null | undefined): number {
  return Math.sign(difference ?? 0) * (LESS_IS_BETTER.includes(measure) ? -1 : 1)
}

export function Figures({ totals }: { totals: TotalsOut }) {
  const say = useEvaluationWords()
  const figure = useFigure()
  return (
    <section aria-label={say('measures')} className="flex flex-col gap-3">
      <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        {FIRST.map((one) => (
          <div key={one} className="flex flex-col-reverse justify-end rounded-xl border border-line bg-panel p-4">
            <dt className="text-sm text-soft">{say(one)}</dt>
            <dd className="text-2xl font-semibold tabular-nums">{figure(one, totals[one])}</dd>
          </div>
        ))}
      </dl>
      {totals.missing_documents > 0 && (
        <p className="text-sm text-warn">{say('missingDocuments', { n: totals.missing_documents })}</p>
      )}
      <details className="rounded-xl border border-line bg-panel px-4">
        <summary className="min-h-11 cursor-pointer py-3 text-sm font-medium">{say('measures')}</summary>
        <dl className="grid gap-x-6 gap-y-1 pb-4 text-sm sm:grid-cols-2">
          {MEASURES.filter((one) => !FIRST.includes(one)).map((one) => (
            <div key={one} className="flex justify-between gap-3">
              <dt className="text-soft">{say(one)}</dt>
              <dd className="tabular-nums">{figure(one, totals[one])}</dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  )
}
