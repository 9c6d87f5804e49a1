// While a legal hold stands, nothing of the patient is erased, by a person or by time.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { listHoldsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { placeHold, releaseHold } from '@/api/generated/sdk.gen'
import type { HoldOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { TextArea } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useRightsWords } from './rights-words'

type Asking = 'place' | 'release' | null

export function Holds({ patientId }: { patientId: string }) {
  const say = useRightsWords()
  const path = { patient_id: patientId }
  const query = useQuery(listHoldsOptions({ path }))
  const [asking, setAsking] = useState<Asking>(null)
  const standing = query.data?.items.some((one) => !one.released_at)
  return (
    <Panel
      title={say('holds')}
      actions={
        query.data && (
          <Button aria-haspopup="dialog" size="small" onClick={() => setAsking(standing ? 'release' : 'place')}>
            {say(standing ? 'holdRelease' : 'holdPlace')}
          </Button>
        )
      }
    >
      <p className="mb-3 max-w-prose text-sm text-soft">{say('holdHint')}</p>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm">{say('holdsNone')}</p>
          ) : (
            <ul className="divide-y divide-line text-sm">
              {items.map((one) => (
                <Hold key={one.id} hold={one} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <Dialog open={asking === 'place'} title={say('holdPlace')} onClose={() => setAsking(null)}>
        <Place patientId={patientId} onClose={() => setAsking(null)} />
      </Dialog>
      <Dialog open={asking === 'release'} title={say('holdRelease')} onClose={() => setAsking(null)}>
        <Release patientId={patientId} onClose={() => setAsking(null)} />
      </Dialog>
    </Panel>
  )
}

function Hold({ hold }: { hold: HoldOut }) {
  const say = useRightsWords()
  const time = useTime()
  return (
    <li className="flex flex-wrap items-start justify-between gap-2 py-3">
      <div className="min-w-0">
        <p className="break-words">{hold.reason}</p>
        <p className="text-soft">
          {say('holdSince', { at: time.moment(hold.created_at) })}
          {hold.released_at && ` · ${say('holdReleasedAt', { at: time.moment(hold.released_at) })}`}
        </p>
      </div>
      <Badge tone={hold.released_at ? 'neutral' : 'warn'}>{say(hold.released_at ? 'holdOver' : 'holdStands')}</Badge>
    </li>
  )
}

function useSettled(patientId: string, onClose: () => void) {
  const cache = useQueryClient()
  return () => {
    onClose()
    return cache.invalidateQueries({ queryKey: listHoldsOptions({ path: { patient_id: patientId } }).queryKey })
  }
}

function Place({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const say = useRightsWords()
  const common = useCommonWords()
  const tell = useTell()
  const settled = useSettled(patientId, onClose)
  const [reason, setReason] = useState('')
  const place = useMutation({
    mutationFn: () => placeHold({ path: { patient_id: patientId }, body: { reason }, throwOnError: true }),
    onSuccess: () => {
      tell(say('holdPlaced'))
      return settled()
    },
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    place.mutate()
  }
  return (
    <form onSubmit={send} className="flex flex-col gap-4">
      <TextArea
        label={say('reason')}
        told="reason"
        hint={say('holdReasonHint')}
        required
        minLength={5}
        maxLength={1000}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      {place.isError && <Refused error={place.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={place.isPending}>
          {say('holdPlace')}
        </Button>
      </footer>
    </form>
  )
}

function Release({ patientId, onClose }: { patientId: string; onClose: () => void }) {
  const say = useRightsWords()
  const common = useCommonWords()
  const tell = useTell()
  const settled = useSettled(patientId, onClose)
  const release = useMutation({
    mutationFn: () => releaseHold({ path: { patient_id: patientId }, throwOnError: true }),
    onSuccess: () => {
      tell(say('holdReleased'))
      return settled()
    },
  })
  return (
    <>
      <p className="text-sm">{say('holdReleaseHint')}</p>
      {release.isError && <Refused error={release.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button kind="danger" busy={release.isPending} onClick={() => release.mutate()}>
          {say('holdRelease')}
        </Button>
      </footer>
    </>
  )
}
