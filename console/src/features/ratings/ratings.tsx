// How a consultation was: what oneself said of it, to be said or changed, and for staff what others said.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { listRatingsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { rateConsultation } from '@/api/generated/sdk.gen'
import type { RatingOut } from '@/api/generated/types.gen'
import { MemberName } from '@/features/members/member-name'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { TextArea } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { ChooseStars, Stars } from './stars'
import { useRatingWords } from './words'

const LONGEST = 2_000

export function Ratings({ consultationId }: { consultationId: string }) {
  const say = useRatingWords()
  const me = useMe()
  const { may } = useSession()
  const allowed = may('consultations:join')
  const query = useQuery({ ...listRatingsOptions({ path: { consultation_id: consultationId } }), enabled: allowed })
  if (!allowed) return null
  return (
    <Panel title={say('title')} className="no-print">
      <Loaded query={query}>
        {({ items }) => {
          const own = items.find((one) => one.rated_by === me.member_id)
          return (
            <div className="flex flex-col gap-4">
              {me.member_id !== null && <Own key={own?.changed_at} consultationId={consultationId} own={own} />}
              {may('consultations:read') && <Others items={items.filter((one) => one !== own)} />}
            </div>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function Own({ consultationId, own }: { consultationId: string; own: RatingOut | undefined }) {
  const say = useRatingWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const [score, setScore] = useState(own?.score ?? null)
  const [comment, setComment] = useState(own?.comment ?? '')
  const path = { consultation_id: consultationId }
  const rate = useMutation({
    mutationFn: (given: number) => rateConsultation({ path, body: { score: given, comment: comment.trim() || null }, throwOnError: true }),
    onSuccess: async () => {
      tell(say('saved'))
      await cache.invalidateQueries({ queryKey: listRatingsOptions({ path }).queryKey })
    },
  })
  const changed = score !== (own?.score ?? null) || comment.trim() !== (own?.comment ?? '')
  useUnsaved(changed)
  const send = (event: FormEvent) => {
    event.preventDefault()
    if (score !== null) rate.mutate(score)
  }
  return (
    <form onSubmit={send} className="flex flex-col gap-3">
      <ChooseStars score={score} onChange={setScore} />
      <p className="text-sm text-soft">{own ? say('mine', { when: time.moment(own.changed_at) }) : say('hint')}</p>
      {score !== null && (
        <TextArea
          label={say('comment')}
          hint={say('commentHint')}
          rows={2}
          maxLength={LONGEST}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
      )}
      {rate.isError && <Refused error={rate.error} />}
      {score !== null && changed && (
        <Button type="submit" kind="primary" busy={rate.isPending} className="self-start">
          {say(own ? 'saveAgain' : 'save')}
        </Button>
      )}
    </form>
  )
}

function Others({ items }: { items: readonly RatingOut[] }) {
  const say = useRatingWords()
  const time = useTime()
  if (items.length === 0) return <p className="text-sm text-soft">{say('none')}</p>
  return (
    <section aria-label={say('others')} className="flex flex-col gap-2">
      <h3 className="text-sm font-medium">{say('others')}</h3>
      <ul className="flex flex-col gap-2 text-sm">
        {items.map((one) => (
          <li key={one.id} className="rounded-lg bg-sunken p-3">
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Stars score={one.score} />
              <span className="font-medium">{one.by_patient ? say('patient') : <Rater id={one.rated_by} />}</span>
              <span className="text-soft">{time.moment(one.changed_at)}</span>
            </p>
            {one.comment && <p className="mt-1 break-words whitespace-pre-line">{one.comment}</p>}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Rater({ id }: { id: string }) {
  const say = useRatingWords()
  const { may } = useSession()
  return may('members:read') ? <MemberName id={id} /> : say('staff')
}
