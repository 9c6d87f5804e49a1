// One consultation on one page: its sound, its words with the time each answer took, what was recorded, what it cost.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useRef } from 'react'
import {
  costBreakdownOptions,
  getConsultationOptions,
  getTranscriptOptions,
  listNotesOptions,
  listObservationsOptions,
  listRecordingsOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import { endConsultation, generateNote } from '@/api/generated/sdk.gen'
import type { ConsultationWhole, MessageOut } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { Ratings } from '@/features/ratings/ratings'
import { useFailureWords } from '@/i18n/hindi'
import { useAlarmName, useCapabilityName, useConsultationTypeName } from '@/i18n/names'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Badge, Page, PageOf, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { clock, useTime, ZONE } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import type { PlayerHandle } from './player'
import { Recordings, type Players } from './recordings'
import { Replay } from './replay'
import { Waterfalls } from './waterfall'
import { useConsultationWords } from './words'

export function ConsultationPage() {
  const { consultationId } = useParams({ strict: false }) as { consultationId: string }
  const query = useQuery(getConsultationOptions({ path: { consultation_id: consultationId } }))
  return (
    <PageOf query={query}>
      {(consultation) => <Whole key={consultationId} consultation={consultation} />}
    </PageOf>
  )
}

function Whole({ consultation }: { consultation: ConsultationWhole }) {
  const say = useConsultationWords()
  const typeOf = useConsultationTypeName()
  const common = useCommonWords()
  const time = useTime()
  const { may } = useSession()
  const path = { consultation_id: consultation.id }
  const transcript = useQuery(getTranscriptOptions({ path }))
  const recordings = useQuery({ ...listRecordingsOptions({ path }), enabled: may('recordings:read', 'own:read') })
  const players = useRef(new Map<string, PlayerHandle>())
  const { replay } = useSearch({ strict: false }) as { replay?: string }
  const heard = new Set(recordings.data?.items.filter((one) => one.status === 'complete').map((one) => one.session_id))
  return (
    <Page
      wide
      title={say('titleOne')}
      hint={
        <>
          {may('consultations:read') && (
            <>
              <Link to="/patients/$patientId" params={{ patientId: consultation.patient_id }} className="text-brand underline">
                <PatientName id={consultation.patient_id} />
              </Link>
              {' · '}
            </>
          )}
          {time.moment(consultation.created_at)} · {typeOf(consultation.type)} · {clock(consultation.total_s)} ·{' '}
          {common('zone', { zone: ZONE })}
        </>
      }
      actions={<Actions consultation={consultation} />}
    >
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <Panel title={say('transcript')}>
          <Loaded query={transcript} lines={8}>
            {({ messages }) => (
              <ol className="flex flex-col gap-4">
                {messages.map((one) => (
                  <Message key={one.id} message={one} playable={heard.has(one.session_id ?? '')} players={players} />
                ))}
              </ol>
            )}
          </Loaded>
        </Panel>
        <div className="flex min-w-0 flex-col gap-4">
          {may('recordings:read', 'own:read') && <Recordings query={recordings} players={players} />}
          {may('consultations:read') && (
            <Panel title={say('latency')}>
              <Loaded query={transcript}>{({ messages }) => <Waterfalls messages={messages} />}</Loaded>
            </Panel>
          )}
          <Ratings consultationId={consultation.id} />
          {may('consultations:read') && <Observations consultationId={consultation.id} />}
          {may('usage:read') && <Cost consultationId={consultation.id} />}
        </div>
      </div>
      {replay && may('recordings:replay') && <Replay key={replay} id={replay} />}
    </Page>
  )
}

function Actions({ consultation }: { consultation: ConsultationWhole }) {
  const say = useConsultationWords()
  const tell = useTell()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const { may } = useSession()
  const asked = { query: { consultation_id: consultation.id, limit: 1 } }
  const notes = useQuery({ ...listNotesOptions(asked), enabled: may('notes:read') })
  const open = (noteId: string) => void navigate({ to: '/notes/$noteId', params: { noteId } })
  const write = useMutation({
    mutationFn: () => generateNote({ body: { consultation_id: consultation.id }, throwOnError: true }),
    onSuccess: ({ data }) => open(data.id),
    onError: tell.refusal,
  })
  const end = useMutation({
    mutationFn: () => endConsultation({ path: { consultation_id: consultation.id }, throwOnError: true }),
    onSuccess: () => tell(say('endedNow')),
    onError: tell.refusal,
    onSettled: () =>
      cache.invalidateQueries({ queryKey: getConsultationOptions({ path: { consultation_id: consultation.id } }).queryKey }),
  })
  const note = notes.data?.items[0]
  return (
    <>
      {note && <Button onClick={() => open(note.id)}>{say('noteOpen')}</Button>}
      {!note && notes.isSuccess && may('notes:write') && (
        <Button kind="primary" busy={write.isPending} onClick={() => write.mutate()}>
          {say('noteWrite')}
        </Button>
      )}
      {consultation.status === 'active' && may('consultations:listen') && (
        <Button asChild>
          <Link to="/live/$consultationId" params={{ consultationId: consultation.id }}>
            {say('listen')}
          </Link>
        </Button>
      )}
      {consultation.status === 'active' && may('consultations:write') && (
        <Button busy={end.isPending} onClick={() => end.mutate()}>
          {say('endNow')}
        </Button>
      )}
    </>
  )
}

function Message({
  message,
  playable,
  players,
}: {
  message: MessageOut
  playable: boolean
  players: Players
}) {
  const say = useConsultationWords()
  const failure = useFailureWords()
  const alarm = useAlarmName()
  const from = message.start_s
  const served = Object.values(message.served).flatMap((all) => all.map((one) => [one.provider, one.model].filter(Boolean).join(' ')))
  return (
    <li className={`max-w-[92%] rounded-xl px-4 py-2 ${message.sender === 'patient' ? 'self-end bg-brand-wash' : 'bg-sunken'}`}>
      <p lang={message.language ?? undefined}>{message.text}</p>
      <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-soft">
        {from === null || from === undefined ? (
          <span>{say('typed')}</span>
        ) : playable ? (
          <button
            type="button"
            className="min-h-6 underline underline-offset-2"
            aria-label={`${say('hearFrom')}: ${clock(from)}`}
            onClick={() => players.current.get(message.session_id ?? '')?.playFrom(from)}
          >
            {clock(from)}
          </button>
        ) : (
          <span>{clock(from)}</span>
        )}
        {message.interrupted && <span>{say('interrupted')}</span>}
        {served.length > 0 && <span>{[...new Set(served)].join(', ')}</span>}
        {message.red_flag && <Badge tone="bad">{say('redFlag', { what: alarm(message.red_flag) })}</Badge>}
        {message.errors.map((code, n) => (
          <Badge key={n} tone="warn">
            {failure(code)}
          </Badge>
        ))}
      </p>
    </li>
  )
}

function Observations({ consultationId }: { consultationId: string }) {
  const say = useConsultationWords()
  const query = useQuery(listObservationsOptions({ path: { consultation_id: consultationId } }))
  if (query.data?.length === 0) return null
  return (
    <Panel title={say('observations')}>
      <Loaded query={query}>
        {(all) => (
          <ul className="flex flex-col gap-1 text-sm">
            {all.map((one) => (
              <li key={one.id}>
                {Object.entries(one.said)
                  .filter(([, value]) => value !== null && value !== '')
                  .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${String(value)}`)
                  .join(' · ')}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

function Cost({ consultationId }: { consultationId: string }) {
  const say = useConsultationWords()
  const capability = useCapabilityName()
  const time = useTime()
  const query = useQuery(costBreakdownOptions({ query: { consultation_id: consultationId } }))
  return (
    <Panel title={say('cost')}>
      <Loaded query={query}>
        {({ rows, total }) => (
          <div className="flex flex-col gap-2 text-sm">
            <p className="text-lg font-semibold tabular-nums">
              {time.number(Number(total.cost_usd), { style: 'currency', currency: 'USD', maximumFractionDigits: 4 })}
              {total.unpriced > 0 && (
                <span className="ml-2 text-sm font-normal text-soft">{say('unpriced', { n: total.unpriced })}</span>
              )}
            </p>
            <ul className="flex flex-col gap-1">
              {rows.map((row, n) => (
                <li key={n} className="flex justify-between gap-3">
                  <span>{[row.capability && capability(row.capability), row.provider, row.model].filter(Boolean).join(' · ')}</span>
                  <span className="tabular-nums">{time.number(row.calls)}</span>
                </li>
              ))}
            </ul>
            {rows.length > 0 && (
              <Link
                to="/usage"
                search={{ tab: 'lines', consultation: consultationId }}
                className="self-start font-medium text-brand underline-offset-4 hover:underline"
              >
                {say('calls')}
              </Link>
            )}
          </div>
        )}
      </Loaded>
    </Panel>
  )
}
