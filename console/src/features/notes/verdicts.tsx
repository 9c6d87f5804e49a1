import { CircleAlert, CircleCheck, CircleHelp, Lightbulb } from 'lucide-react'
import type { StatementOut } from '@/api/generated/types.gen'
import { Badge, type Tone } from '@/ui/page'
import { useNoteWords } from './words'

const LOOK = {
  supported: { tone: 'good', icon: CircleCheck },
  inferred: { tone: 'brand', icon: Lightbulb },
  unsupported: { tone: 'warn', icon: CircleHelp },
  contradicted: { tone: 'bad', icon: CircleAlert },
} as const satisfies Record<StatementOut['verdict'], { tone: Tone; icon: typeof CircleCheck }>

export function Verdict({ verdict }: { verdict: StatementOut['verdict'] }) {
  const say = useNoteWords()
  const { tone, icon: Icon } = LOOK[verdict]
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className="size-3.5" />
      {say(verdict)}
    </Badge>
  )
}

/** Has the judge an objection that no person has answered yet? */
export function isOpen(one: StatementOut): boolean {
  if (one.overruled_by !== null) return false
  return one.verdict === 'contradicted' || (one.verdict === 'unsupported' && one.seen_by === null)
}
