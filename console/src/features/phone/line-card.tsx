import type { LineOut } from '@/api/generated/types.gen'
import { useLanguageName } from '@/i18n/language-names'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { useCommonWords } from '@/ui/words'
import { KIND_NAMES } from './kinds'
import { usePhoneWords } from './words'

interface Props {
  line: LineOut
  agent: string | undefined
  carrier: string | undefined
  busy: boolean
  onEdit: () => void
  onAddresses: () => void
  onTurn: () => void
  onDelete: () => void
}

export function LineCard({ line, agent, carrier, busy, onEdit, onAddresses, onTurn, onDelete }: Props) {
  const say = usePhoneWords()
  const languageOf = useLanguageName()
  const common = useCommonWords()
  const writes = useSession().may('phone:write')
  const facts = [
    [say('number'), line.number],
    [say('answers'), agent ?? '–'],
    [say('language'), languageOf(line.language)],
    [say('handover'), line.handover_number ?? common('none')],
    [say('carrier'), [carrier, KIND_NAMES[line.kind]].filter(Boolean).join(', ')],
  ]
  return (
    <Panel title={line.name} actions={<Badge tone={line.active ? 'good' : 'warn'}>{say(line.active ? 'active' : 'resting')}</Badge>}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="break-words">{value}</dd>
          </div>
        ))}
      </dl>
      {writes && (
        <div className="mt-4 flex flex-wrap gap-2">
          <Button aria-haspopup="dialog" aria-label={`${say('addresses')}: ${line.name}`} onClick={onAddresses}>
            {say('addresses')}
          </Button>
          <Button aria-haspopup="dialog" aria-label={`${common('edit')}: ${line.name}`} onClick={onEdit}>
            {common('edit')}
          </Button>
          <Button busy={busy} aria-label={`${say(line.active ? 'turnOff' : 'turnOn')}: ${line.name}`} onClick={onTurn}>
            {say(line.active ? 'turnOff' : 'turnOn')}
          </Button>
          <Button kind="quiet" aria-haspopup="dialog" aria-label={`${common('delete')}: ${line.name}`} onClick={onDelete}>
            {common('delete')}
          </Button>
        </div>
      )}
    </Panel>
  )
}
