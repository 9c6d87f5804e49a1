// A recorded call heard again, with another version of its agent or other turn taking: when that was done, and doing it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { listAgentVersionsOptions, listReplaysOptions } from '@/api/generated/@tanstack/react-query.gen'
import { replayRecording } from '@/api/generated/sdk.gen'
import type { RecordingOut, ReplayRow, ReplaysOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Failed } from '@/ui/failed'
import { SelectField, TextField } from '@/ui/field'
import { Badge, type Tone } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { clock, useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useReplayWords } from './replay-words'

const LOOK_AGAIN_MS = 2_000
const UNDER_WAY = ['queued', 'running']
const TONES: Record<string, Tone> = { done: 'good', failed: 'bad' }
const MOST_VERSIONS = 50

/** Settings of turn taking, with the bounds that the service sets; left empty they stay as they were. */
const SETTINGS = {
  settle_s: [0.1, 3],
  stop_s: [0.1, 3],
  unfinished_s: [0.1, 5],
  start_s: [0.05, 2],
  start_while_speaking_s: [0.05, 2],
  confirm_s: [0.1, 3],
  threshold: [0.05, 0.95],
} as const
type Setting = keyof typeof SETTINGS
const NAMES = Object.keys(SETTINGS) as Setting[]

export function Replays({ recording }: { recording: RecordingOut }) {
  const say = useReplayWords()
  const [asking, setAsking] = useState(false)
  const query = useQuery({
    ...listReplaysOptions({ path: { recording_id: recording.id } }),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => UNDER_WAY.includes(one.status)) ? LOOK_AGAIN_MS : false),
  })
  return (
    <Loaded query={query} lines={1}>
      {(replays) => (
        <div className="flex flex-col gap-2">
          <div>
            <Button size="small" aria-haspopup="dialog" onClick={() => setAsking(true)}>
              {say('again')}
            </Button>
          </div>
          {replays.items.length > 0 && (
            <ul className="flex flex-col gap-1 text-sm" aria-label={say('replays')}>
              {replays.items.map((one) => (
                <Row key={one.id} replay={one} />
              ))}
            </ul>
          )}
          <Dialog open={asking} title={say('again')} onClose={() => setAsking(false)}>
            <Ask recording={recording} replays={replays} onClose={() => setAsking(false)} />
          </Dialog>
        </div>
      )}
    </Loaded>
  )
}

function Row({ replay }: { replay: ReplayRow }) {
  const say = useReplayWords()
  const time = useTime()
  const navigate = useNavigate()
  const { replay: shown } = useSearch({ strict: false }) as { replay?: string }
  const state = (['queued', 'running', 'done', 'failed'] as const).find((one) => one === replay.status)
  const tried = NAMES.filter((one) => replay.voice[one] !== undefined)
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 rounded-lg bg-sunken px-3 py-2">
      <span className="min-w-0">
        {say('version', { n: time.number(replay.agent_version) })}
        {tried.map((one) => `, ${say(one)} ${time.number(replay.voice[one] ?? 0)}`).join('')}
        <span className="block text-soft">{time.moment(replay.created_at)}</span>
      </span>
      <span role="status" className="flex items-center gap-2">
        {state && <Badge tone={TONES[state] ?? 'brand'}>{say(`state_${state}`)}</Badge>}
        {state === 'done' && (
          <Button
            size="small"
            aria-pressed={replay.id === shown}
            onClick={() =>
              void navigate({
                to: '.',
                search: (before: object) => ({ ...before, replay: replay.id === shown ? undefined : replay.id }),
              } as never)
            }
          >
            {say(replay.id === shown ? 'hide' : 'compare')}
          </Button>
        )}
        {state === 'failed' && <Failed code={replay.failure_code ?? 'replay.failed'} />}
      </span>
    </li>
  )
}

type Given = Record<Setting | 'agent_version', string>

function Ask({ recording, replays, onClose }: { recording: RecordingOut; replays: ReplaysOut; onClose: () => void }) {
  const say = useReplayWords()
  const common = useCommonWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const versions = useQuery(listAgentVersionsOptions({ path: { agent_id: replays.agent_id }, query: { limit: MOST_VERSIONS } }))
  const { register, handleSubmit } = useForm<Given>({ defaultValues: { agent_version: String(replays.agent_version) } })
  const path = { recording_id: recording.id }
  const ask = useMutation({
    mutationFn: (given: Given) => {
      const voice = Object.fromEntries(NAMES.filter((one) => given[one]).map((one) => [one, Number(given[one])]))
      return replayRecording({ path, body: { agent_version: Number(given.agent_version), voice }, throwOnError: true })
    },
    onSuccess: () => {
      tell(say('asked', { length: clock(recording.length_s) }))
      onClose()
      return cache.invalidateQueries({ queryKey: listReplaysOptions({ path }).queryKey })
    },
  })
  const numbers = versions.data?.items.map((one) => one.number) ?? [replays.agent_version]
  return (
    <form onSubmit={(event) => void handleSubmit((given) => ask.mutate(given))(event)} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('againHint', { length: clock(recording.length_s) })}</p>
      <SelectField
        key={numbers.length}
        label={say('agentVersion')}
        options={numbers.map((n) => ({
          value: String(n),
          label: n === replays.agent_version ? say('versionThen', { n: time.number(n) }) : say('version', { n: time.number(n) }),
        }))}
        {...register('agent_version')}
      />
      <details>
        <summary className="min-h-11 cursor-pointer py-2 text-sm font-medium">{say('settings')}</summary>
        <p className="mb-3 text-sm text-soft">{say('settingsHint')}</p>
        <div className="grid gap-4 sm:grid-cols-2">
          {NAMES.map((one) => (
            <TextField
              key={one}
              label={say(one)}
              type="number"
              inputMode="decimal"
              step="0.01"
              min={SETTINGS[one][0]}
              max={SETTINGS[one][1]}
              {...register(one)}
            />
          ))}
        </div>
      </details>
      {ask.isError && <Refused error={ask.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={ask.isPending}>
          {say('start')}
        </Button>
      </footer>
    </form>
  )
}
