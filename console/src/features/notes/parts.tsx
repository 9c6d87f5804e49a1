import { Plus, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import type { EvidenceOut, NoteOut, PartOut, StatementOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Panel } from '@/ui/page'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { ReasonDialog } from './reason-dialog'
import { Editor, Statement } from './statement'
import { isGone, meanwhile, withChange, withText, type Editing, type Review } from './use-review'
import { useNoteWords } from './words'

interface Props {
  note: NoteOut
  review: Review
  activeId: string | null
  editing: Editing | null
  onActive: (id: string) => void
  onEditing: (editing: Editing | null) => void
  play: (evidence: readonly EvidenceOut[]) => (() => void) | undefined
}

/** The parts of a note by its template, each with its statements; what has no part of its own stands under its section. */
export function Parts(props: Props) {
  const [overruling, setOverruling] = useState<StatementOut | null>(null)
  const say = useNoteWords()
  const { note, review } = props
  const ask = (one: StatementOut) => {
    review.overrule.reset() // why another was refused is not told of this one
    setOverruling(one)
  }
  const shown = note.parts.filter((part) => part.required || statementsOf(note, part).length > 0 || note.status === 'draft')
  return (
    <>
      {shown.map((part) => (
        <Part key={part.key} part={part} {...props} onOverrule={ask} />
      ))}
      <ReasonDialog
        open={overruling !== null}
        title={say('overrule')}
        label={say('overruleReason')}
        hint={overruling?.text}
        action={say('overrule')}
        busy={review.overrule.isPending}
        error={review.overrule.error}
        onClose={() => setOverruling(null)}
        onDone={(reason) =>
          overruling && review.overrule.mutate({ id: overruling.id, reason }, { onSuccess: () => setOverruling(null) })
        }
      />
    </>
  )
}

export function statementsOf(note: NoteOut, part: PartOut): StatementOut[] {
  const firstOf = note.parts.find((one) => one.section === part.section)?.key
  return note.statements.filter((one) =>
    one.part && note.parts.some((known) => known.key === one.part)
      ? one.part === part.key
      : one.section === part.section && part.key === firstOf,
  )
}

function Part({
  part,
  note,
  review,
  activeId,
  editing,
  onActive,
  onEditing,
  onOverrule,
  play,
}: Props & { part: PartOut; onOverrule: (one: StatementOut) => void }) {
  const say = useNoteWords()
  const common = useCommonWords()
  const tell = useTell()
  const [adding, setAdding] = useState(false)
  const [rewriting, setRewriting] = useState(false)
  const draft = note.status === 'draft'
  const held = editing && isGone(note, editing.one) ? [editing.one] : [] // what is being written is not removed with it
  const statements = statementsOf({ ...note, statements: [...note.statements, ...held] }, part)
  const remove = (one: StatementOut) =>
    review.edit.mutate(withChange(note, one.id, null), {
      onSuccess: ({ data }) =>
        tell(common('saved'), () =>
          review.edit.mutate(
            withChange(data, null, { section: one.section as 'plan', part: one.part, text: one.text, kind: one.kind as 'fact' }),
          ),
        ),
    })
  return (
    <Panel
      title={part.heading}
      actions={
        draft && (
          <Button
            aria-haspopup="dialog"
            size="small"
            kind="quiet"
            className="no-print"
            onClick={() => {
              review.regenerate.reset()
              setRewriting(true)
            }}
          >
            <RefreshCw aria-hidden className="size-4" />
            {say('regenerate')}
          </Button>
        )
      }
    >
      <ul className="flex flex-col gap-1" aria-label={`${part.heading}: ${say('statements')}`}>
        {statements.map((one) => (
          <Statement
            key={one.id}
            one={one}
            active={one.id === activeId}
            editing={one.id === editing?.one.id ? { text: editing.one.text, meanwhile: meanwhile(note, editing) } : null}
            draft={draft}
            play={play(one.evidence)}
            onActive={() => onActive(one.id)}
            onEditing={(wanted) => onEditing(wanted ? { one, version: note.version } : null)}
            actions={{
              see: (seen) => review.see.mutate(seen),
              save: (_, text) => review.edit.mutate(withText(note, one, text), { onSuccess: () => onEditing(null) }),
              remove,
              overrule: onOverrule,
            }}
          />
        ))}
      </ul>
      {statements.length === 0 && <p className="text-sm text-soft">{common('none')}</p>}
      {draft &&
        (adding ? (
          <Editor
            text=""
            onCancel={() => setAdding(false)}
            onSave={(text) =>
              review.edit.mutate(withChange(note, null, { part: part.key, section: part.section, text }), {
                onSuccess: () => setAdding(false),
              })
            }
          />
        ) : (
          <Button size="small" kind="quiet" className="no-print mt-2" onClick={() => setAdding(true)}>
            <Plus aria-hidden className="size-4" />
            {say('add')}
          </Button>
        ))}
      <ReasonDialog
        open={rewriting}
        title={say('regenerate')}
        label={say('regenerateWish')}
        also={statements.some((one) => one.edited) ? say('regenerateReplace') : undefined}
        required={false}
        action={say('regenerate')}
        busy={review.regenerate.isPending}
        error={review.regenerate.error}
        onClose={() => setRewriting(false)}
        onDone={(wish, replace) =>
          review.regenerate.mutate(
            { part: part.key, wish, replace },
            {
              onSuccess: () => {
                setRewriting(false)
                tell(say('regenerated'))
              },
            },
          )
        }
      />
    </Panel>
  )
}
