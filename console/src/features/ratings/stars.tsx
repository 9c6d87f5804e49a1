import { Star } from 'lucide-react'
import { classes } from '@/ui/classes'
import { useRatingWords } from './words'

export const SCORES = [1, 2, 3, 4, 5] as const
export type Score = (typeof SCORES)[number]

/** A score to be read. */
export function Stars({ score }: { score: number }) {
  const say = useRatingWords()
  return (
    <span role="img" aria-label={say('score', { n: score })} className="inline-flex">
      {SCORES.map((one) => (
        <Filled key={one} filled={one <= score} className="size-4" />
      ))}
    </span>
  )
}

/** A score to be chosen: five radio buttons that look like stars. */
export function ChooseStars({ score, onChange }: { score: number | null; onChange: (score: Score) => void }) {
  const say = useRatingWords()
  const chosen = SCORES.find((one) => one === score)
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="text-sm font-medium">{say('legend')}</legend>
      <div className="-ml-2.5 flex flex-wrap items-center">
        {SCORES.map((one) => (
          <label
            key={one}
            title={say(`score_${one}`)}
            className="relative flex size-11 items-center justify-center rounded-lg hover:bg-sunken has-focus-visible:outline-3 has-focus-visible:outline-brand"
          >
            <input
              type="radio"
              name="score"
              className="absolute inset-0 size-full cursor-pointer opacity-0"
              aria-label={say(`score_${one}`)}
              checked={one === score}
              onChange={() => onChange(one)}
            />
            <Filled filled={score !== null && one <= score} className="size-6" />
          </label>
        ))}
        {chosen && (
          <span aria-hidden className="ml-2 text-sm text-soft">
            {say(`score_${chosen}`)}
          </span>
        )}
      </div>
    </fieldset>
  )
}

function Filled({ filled, className }: { filled: boolean; className: string }) {
  return <Star aria-hidden strokeWidth={1.75} className={classes(className, filled ? 'fill-brand text-brand' : 'text-soft')} />
}
