import { PenLine } from 'lucide-react'
import type { NoteOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { Signed } from './paper'
import { nextOpen } from './use-keys'
import type { Review } from './use-review'
import { isOpen } from './verdicts'
import { useNoteWords } from './words'

/** What still stands between a draft and a signature, and the signature. */
export function Signature({ note, review, onNext }: { note: NoteOut; review: Review; onNext: (id: string) => void }) {
  const say = useNoteWords()
  const { may } = useSession()
  if (note.status === 'approved')
    return (
      <Panel>
        <p>{note.approved_at && <Signed by={note.signed_by} at={note.approved_at} />}</p>
      </Panel>
    )
  if (note.status !== 'draft' || !may('notes:approve')) return null
  const open = note.statements.filter(isOpen).length
  return (
    <Panel className="no-print flex flex-col gap-3">
      <p role="status" className="text-sm">
        {open > 0 ? say('objections', { n: open }) : say('seenAll')}
      </p>
      <p className="text-sm text-soft">{say('approveHint')}</p>
      {review.approve.isError && <Refused error={review.approve.error} />}
      <div className="flex flex-wrap gap-2">
        {open > 0 && (
          <Button
            onClick={() => {
              const next = nextOpen(note, undefined)
              if (next) onNext(next)
            }}
          >
            {say('nextUnverified')}
          </Button>
        )}
        <Button kind="primary" disabled={open > 0} busy={review.approve.isPending} onClick={() => review.approve.mutate()}>
          <PenLine aria-hidden className="size-4" />
          {say('approve')}
        </Button>
      </div>
    </Panel>
  )
}
