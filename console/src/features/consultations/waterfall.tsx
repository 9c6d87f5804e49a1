// How long each step of a turn took after the patient had finished: one bar a turn, one mark a stage.
import type { MessageOut } from '@/api/generated/types.gen'
import { useTime } from '@/ui/time'
import { useConsultationWords } from './words'

export const STAGES = ['stt_final', 'first_token', 'first_sentence', 'first_speech', 'first_audio'] as const
export type Stage = (typeof STAGES)[number]
export type Waterfall = Partial<Record<Stage, number>>

const COLOURS: Record<Stage, string> = {
  stt_final: 'bg-[#3b82a0]',
  first_token: 'bg-[#7c6bb0]',
  first_sentence: 'bg-[#b0803b]',
  first_speech: 'bg-[#3f8f63]',
  first_audio: 'bg-brand',
}

/** Stages in the order of time: of some the model began before the last word was final. */
export function steps(waterfall: Waterfall): { stage: Stage; from: number; to: number }[] {
  const known = STAGES.flatMap((stage) => {
    const at = waterfall[stage]
    return at === undefined ? [] : [{ stage, at }]
  }).sort((a, b) => a.at - b.at)
  return known.map(({ stage, at }, n) => ({ stage, from: known[n - 1]?.at ?? 0, to: at }))
}

export function TurnWaterfall({ waterfall, longest }: { waterfall: Waterfall; longest: number }) {
  const say = useConsultationWords()
  const time = useTime()
  const all = steps(waterfall)
  if (all.length === 0) return null
  const told = all.map(({ stage, to }) => `${say(`stage_${stage}`)} ${time.number(Math.round(to))}`).join(', ')
  return (
    <div role="img" aria-label={told} title={told} className="flex h-3 w-full overflow-hidden rounded bg-sunken">
      {all.map(({ stage, from, to }) => (
        <div key={stage} className={COLOURS[stage]} style={{ width: `${((to - from) / longest) * 100}%` }} />
      ))}
    </div>
  )
}

export function Waterfalls({ messages }: { messages: readonly MessageOut[] }) {
  const say = useConsultationWords()
  const time = useTime()
  const turns = messages
    .map((one) => ({ id: one.id, waterfall: one.waterfall as Waterfall }))
    .filter(({ waterfall }) => waterfall.first_audio !== undefined)
  if (turns.length === 0) return <p className="text-sm text-soft">{say('latencyNone')}</p>
  const longest = Math.max(...turns.map(({ waterfall }) => waterfall.first_audio ?? 0), 1)
  return (
    <div className="flex flex-col gap-3 text-sm">
      <ul className="flex flex-wrap gap-3 text-xs">
        {STAGES.map((stage) => (
          <li key={stage} className="flex items-center gap-1.5">
            <span aria-hidden className={`size-3 rounded-sm ${COLOURS[stage]}`} />
            {say(`stage_${stage}`)}
          </li>
        ))}
      </ul>
      <ol className="flex flex-col gap-2" aria-label={say('waterfall')}>
        {turns.map(({ id, waterfall }) => (
          <li key={id} className="grid grid-cols-[1fr_5rem] items-center gap-3">
            <TurnWaterfall waterfall={waterfall} longest={longest} />
            <span className="text-right tabular-nums">{say('ms', { n: time.number(Math.round(waterfall.first_audio ?? 0)) })}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}
