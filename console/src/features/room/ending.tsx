// How a conversation is stopped, for good or for now, and what the room shows once nobody talks.
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { PhoneOff } from 'lucide-react'
import { useState } from 'react'
import { endConsultation } from '@/api/generated/sdk.gen'
import { touched } from '@/events/touched'
import { Ratings } from '@/features/ratings/ratings'
import { useMe } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useRoomWords } from './words'

export type Ending = UseMutationResult<unknown, Error, void>

/** Ends the consultation, not its connection alone: it is not open any more, here or elsewhere. */
export function useEnding(consultationId: string): Ending {
  const cache = useQueryClient()
  const over = [{ kind: 'consultation.ended', subject: { consultation_id: consultationId } }]
  return useMutation({
    mutationFn: () => endConsultation({ path: { consultation_id: consultationId }, throwOnError: true }),
    onSuccess: () => void cache.invalidateQueries({ predicate: ({ queryKey }) => touched(queryKey, over) }),
  })
}

/** Asks whether for good, or for now. */
export function Stop({ end, leave }: { end: () => void; leave: () => void }) {
  const say = useRoomWords()
  const [asking, setAsking] = useState(false)
  const close = () => setAsking(false)
  return (
    <>
      <Button kind="danger" className="min-h-14 text-base" aria-haspopup="dialog" onClick={() => setAsking(true)}>
        <PhoneOff aria-hidden className="size-5" />
        {say('stop')}
      </Button>
      <Dialog
        open={asking}
        title={say('stopAsk')}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>{say('keepTalking')}</Button>
            <Button onClick={leave}>{say('leave')}</Button>
            <Button kind="danger" onClick={end}>
              {say('stop')}
            </Button>
          </>
        }
      >
        <p>
          {say('endedHint')} {say('leaveHint')}
        </p>
      </Dialog>
    </>
  )
}

/** The same for one that nobody is in just now. */
export function EndOpen({ consultationId }: { consultationId: string }) {
  const say = useRoomWords()
  const common = useCommonWords()
  const tell = useTell()
  const [asking, setAsking] = useState(false)
  const ending = useEnding(consultationId)
  const close = () => setAsking(false)
  const end = () => ending.mutate(undefined, { onSuccess: () => tell(say('callEnded')), onError: tell.refusal, onSettled: close })
  return (
    <>
      <Button aria-haspopup="dialog" onClick={() => setAsking(true)}>
        {say('stop')}
      </Button>
      <Dialog
        open={asking}
        title={say('stopAsk')}
        onClose={close}
        actions={
          <>
            <Button onClick={close}>{common('cancel')}</Button>
            <Button kind="danger" busy={ending.isPending} onClick={end}>
              {say('stop')}
            </Button>
          </>
        }
      >
        <p>{say('endedHint')}</p>
      </Dialog>
    </>
  )
}

/** It has not ended: another window, or the telephone, took it over. It can be taken back. */
export function Moved({ again }: { again: () => void }) {
  const say = useRoomWords()
  return (
    <Panel className="flex max-w-prose flex-col items-start gap-4">
      <p role="status">{say('moved')}</p>
      <Button onClick={again}>{say('goOnHere')}</Button>
    </Panel>
  )
}

export function Left({ again }: { again: () => void }) {
  const say = useRoomWords()
  const common = useCommonWords()
  return (
    <Panel title={say('left')} className="flex max-w-prose flex-col gap-4">
      <p role="status">{say('leftHint')}</p>
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" onClick={again}>
          {say('goBackIn')}
        </Button>
        <Button asChild>
          <Link to="/">{common('back')}</Link>
        </Button>
      </div>
    </Panel>
  )
}

interface Over {
  consultationId: string
  /** Unknown of one that had ended before. */
  because: string | null
  again: () => void
}

/** Ended from here: said once it is so. */
export function EndedHere({ ending, ...over }: Over & { ending: Ending }) {
  const say = useRoomWords()
  if (ending.isSuccess) return <Ended {...over} />
  if (!ending.isError) return <p role="status">{say('ending')}</p>
  return (
    <Panel className="flex max-w-prose flex-col gap-4">
      <p>{say('endFailed')}</p>
      <Refused error={ending.error} retry={() => ending.mutate()} />
    </Panel>
  )
}

const KNOWN = ['agent', 'client', 'closed', 'elsewhere', 'failed', 'hand_over', 'too_long', 'withdrawn'] as const
const STOPPED: readonly (string | undefined)[] = ['closed', 'failed', 'too_long'] // the connection is over, the conversation is not

export function Ended({ consultationId, because, again }: Over) {
  const say = useRoomWords()
  const common = useCommonWords()
  const me = useMe()
  const known = KNOWN.find((one) => one === because)
  const open = STOPPED.includes(known)
  const stopped = open || known === 'withdrawn' // it is not over, but does not go on without consent
  return (
    <div className="flex max-w-prose flex-col gap-4">
      <Panel title={say(stopped ? 'callStopped' : 'callEnded')} className="flex flex-col gap-4">
        <p role="status">
          {known && say(`ended_${known}`)} {open && say('stillOpen')}
        </p>
        <div className="flex flex-wrap gap-2">
          {open && (
            <Button kind="primary" onClick={again}>
              {say('goBackIn')}
            </Button>
          )}
          <Button asChild kind={open ? 'plain' : 'primary'}>
            <Link to="/consultations/$consultationId" params={{ consultationId }}>
              {say('toConversation')}
            </Link>
          </Button>
          <Button asChild>
            <Link to="/">{common('back')}</Link>
          </Button>
        </div>
      </Panel>
      {me.patient_id !== null && <Ratings consultationId={consultationId} />}
    </div>
  )
}
