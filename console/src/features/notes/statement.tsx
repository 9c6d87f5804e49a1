import { Check, Pencil, Play, Scale, Trash2 } from 'lucide-react'
import { useEffect, useRef, useState, type FormEvent } from 'react'
import type { StatementOut } from '@/api/generated/types.gen'
import { useCheckName } from '@/i18n/names'
import { Button } from '@/ui/button'
import { TextArea } from '@/ui/field'
import { Badge } from '@/ui/page'
import { useTime } from '@/ui/time'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import type { Meanwhile } from './use-review'
import { isOpen, Verdict } from './verdicts'
import { useNoteWords } from './words'

export interface StatementActions {
  see: (one: StatementOut) => void
  save: (one: StatementOut, text: string) => void
  remove: (one: StatementOut) => void
  overrule: (one: StatementOut) => void
}

/** One statement of a note. It shows its evidence while it has the focus. */
export function Statement({
  one,
  active,
  editing,
  draft,
  play,
  actions,
  onActive,
  onEditing,
}: {
  one: StatementOut
  active: boolean
  /** What it said when the writing began, and what became of it since. */
  editing: { text: string; meanwhile: Meanwhile } | null
  draft: boolean
  play: (() => void) | undefined
  actions: StatementActions
  onActive: () => void
  onEditing: (editing: boolean) => void
}) {
  const say = useNoteWords()
  const checkOf = useCheckName()
  const time = useTime()
  const item = useRef<HTMLLIElement>(null)
  useEffect(() => {
    if (active && !editing && document.activeElement !== item.current && !item.current?.contains(document.activeElement))
      item.current?.focus()
  }, [active, editing])
  const conflicts = one.checks.filter((check) => check.verdict !== 'pass')
  return (
    <li
      ref={item}
      tabIndex={0}
      aria-current={active || undefined}
      onFocus={onActive}
      data-statement={one.id}
      className={`rounded-lg border p-3 ${active ? 'border-brand' : 'border-transparent'} ${isOpen(one) ? 'bg-warn-wash' : ''}`}
    >
      {editing ? (
        <Editor {...editing} onSave={(text) => actions.save(one, text)} onCancel={() => onEditing(false)} />
      ) : (
        <p>{one.text}</p>
      )}
      <div className="mt-2 flex flex-wrap items-center gap-2 text-xs">
        <Verdict verdict={one.verdict} />
        {one.kind !== 'fact' && <Badge>{say(`kind_${one.kind}` as 'kind_plan')}</Badge>}
        {one.edited && <Badge>{say('edited')}</Badge>}
        {one.evidence.length === 0 && <span className="text-soft">{say('evidenceNone')}</span>}
        {one.seen_at && <span className="text-soft">{say('accepted', { when: time.ago(one.seen_at) })}</span>}
        {one.overrule_reason && <span className="text-soft">{say('overruled', { reason: one.overrule_reason })}</span>}
      </div>
      {active && conflicts.length > 0 && (
        <ul className="mt-2 flex flex-col gap-1 text-sm text-soft">
          {conflicts.map((check, n) => (
            <li key={n}>
              {checkOf(check.name)}: {check.detail || say(check.verdict === 'conflict' ? 'contradicted' : 'unsure')}
            </li>
          ))}
        </ul>
      )}
      {active && !editing && (
        <div className="no-print mt-2 flex flex-wrap gap-1">
          {play && (
            <Button size="small" kind="quiet" onClick={play}>
              <Play aria-hidden className="size-4" />
              {say('play')}
            </Button>
          )}
          {draft && (
            <>
              {one.seen_by === null && (
                <Button size="small" kind="quiet" onClick={() => actions.see(one)}>
                  <Check aria-hidden className="size-4" />
                  {say('accept')}
                </Button>
              )}
              <EditButton onClick={() => onEditing(true)} />
              {isOpen(one) && (
                <Button size="small" kind="quiet" onClick={() => actions.overrule(one)}>
                  <Scale aria-hidden className="size-4" />
                  {say('overrule')}
                </Button>
              )}
              <Button size="small" kind="quiet" onClick={() => actions.remove(one)}>
                <Trash2 aria-hidden className="size-4" />
                {say('deleteStatement')}
              </Button>
            </>
          )}
        </div>
      )}
    </li>
  )
}

function EditButton({ onClick }: { onClick: () => void }) {
  const common = useCommonWords()
  return (
    <Button size="small" kind="quiet" onClick={onClick}>
      <Pencil aria-hidden className="size-4" />
      {common('edit')}
    </Button>
  )
}

interface Written {
  text: string
  meanwhile?: Meanwhile
  onSave: (text: string) => void
  onCancel: () => void
}

export function Editor({ text, meanwhile, onSave, onCancel }: Written) {
  const say = useNoteWords()
  const common = useCommonWords()
  const [wanted, setWanted] = useState(text)
  useUnsaved(wanted !== text)
  const save = (event: FormEvent) => {
    event.preventDefault()
    if (wanted.trim()) onSave(wanted.trim())
  }
  return (
    <form onSubmit={save} className="flex flex-col gap-2">
      {meanwhile !== undefined && (
        <p role="alert" className="rounded-lg border border-warn bg-warn-wash p-3 text-sm">
          {meanwhile === null ? say('removedMeanwhile') : say('changedMeanwhile', { text: meanwhile })}
        </p>
      )}
      <TextArea
        label={say('editing')}
        unlabelled
        autoFocus
        rows={3}
        maxLength={4000}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        onKeyDown={(event) => {
          event.stopPropagation() // the page's keys are letters too
          if (event.key === 'Escape') onCancel()
        }}
      />
      <div className="flex gap-2">
        <Button type="submit" size="small" kind="primary" disabled={!wanted.trim()}>
          {common('save')}
        </Button>
        <Button size="small" onClick={onCancel}>
          {common('cancel')}
        </Button>
      </div>
    </form>
  )
}
