// The sound of a consultation, a recording a session: played, heard again by another agent, deleted.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type RefObject } from 'react'
import { listRecordingsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { deleteRecording } from '@/api/generated/sdk.gen'
import type { RecordingOut, RecordingsOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Panel } from '@/ui/page'
import { Loaded, Refused, type Asked } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { Player, type PlayerHandle } from './player'
import { useReplayWords } from './replay-words'
import { Replays } from './replays'
import { useConsultationWords } from './words'

/** What plays the recording of a session, by the session. */
export type Players = RefObject<Map<string, PlayerHandle>>

export function Recordings({ query, players }: { query: Asked<RecordingsOut>; players: Players }) {
  const say = useConsultationWords()
  return (
    <Panel title={say('recording')}>
      <Loaded query={query} lines={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-soft">{say('recordingNone')}</p>
          ) : (
            <ul className="flex flex-col divide-y divide-line">
              {items.map((one) => (
                <li key={one.id} className="py-3 first:pt-0 last:pb-0">
                  <Recording recording={one} several={items.length > 1} players={players} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}

function Recording({ recording, several, players }: { recording: RecordingOut; several: boolean; players: Players }) {
  const say = useReplayWords()
  const common = useCommonWords()
  const time = useTime()
  const { may } = useSession()
  const [deleting, setDeleting] = useState(false)
  const keep = (handle: PlayerHandle | null) => {
    if (handle) players.current.set(recording.session_id, handle)
    else players.current.delete(recording.session_id)
  }
  const complete = recording.status === 'complete'
  return (
    <div className="flex flex-col gap-3">
      {several && <p className="text-sm text-soft">{time.moment(recording.created_at)}</p>}
      {recording.status === 'deleted' && <p className="text-sm text-soft">{say('gone')}</p>}
      {recording.status === 'recording' && <p className="text-sm text-soft">{say('underWay')}</p>}
      {complete && <Player recording={recording} ref={keep} />}
      {recording.missing > 0 && <p className="text-sm text-soft">{say('missing', { n: time.number(recording.missing) })}</p>}
      {complete && may('recordings:replay') && <Replays recording={recording} />}
      {complete && may('recordings:delete') && (
        <div>
          <Button size="small" kind="quiet" aria-haspopup="dialog" onClick={() => setDeleting(true)}>
            {say('delete')}
          </Button>
        </div>
      )}
      <Dialog open={deleting} title={say('deleteTitle')} onClose={() => setDeleting(false)}>
        <p className="text-sm">{say('deleteHint')}</p>
        <Delete recording={recording} cancel={common('cancel')} onClose={() => setDeleting(false)} />
      </Dialog>
    </div>
  )
}

function Delete({ recording, cancel, onClose }: { recording: RecordingOut; cancel: string; onClose: () => void }) {
  const say = useReplayWords()
  const tell = useTell()
  const cache = useQueryClient()
  const remove = useMutation({
    mutationFn: () => deleteRecording({ path: { recording_id: recording.id }, throwOnError: true }),
    onSuccess: () => {
      tell(say('deleted'))
      onClose()
      const path = { consultation_id: recording.consultation_id }
      return cache.invalidateQueries({ queryKey: listRecordingsOptions({ path }).queryKey })
    },
  })
  return (
    <>
      {remove.isError && <Refused error={remove.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{cancel}</Button>
        <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
          {say('delete')}
        </Button>
      </footer>
    </>
  )
}
