import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { readPhoneCallOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { CallOut } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Loaded } from '@/ui/states'
import { clock, useTime } from '@/ui/time'
import { Status } from './calls'
import { usePhoneWords } from './words'

const UNDER_WAY = ['queued', 'initiated', 'ringing', 'answered']
const AGAIN_MS = 3_000

/** One call; while it is under way it is read again and again. */
export function Call({ id }: { id: string }) {
  const query = useQuery({
    ...readPhoneCallOptions({ path: { phone_call_id: id } }),
    refetchInterval: ({ state }) => (state.data && UNDER_WAY.includes(state.data.status) ? AGAIN_MS : false),
  })
  return <Loaded query={query}>{(call) => <Facts call={call} />}</Loaded>
}

const REASONS = [
  'agent',
  'client',
  'hand_over',
  'too_long',
  'failed',
  'connection_lost',
  'no_word',
  'phone_switched_off',
  'phone_no_agent',
  'phone_carrier_failed',
  'consent_needed',
  'billing_budget_exhausted',
  'voice_busy',
] as const
type Reason = (typeof REASONS)[number]

function Facts({ call }: { call: CallOut }) {
  const say = usePhoneWords()
  const time = useTime()
  const { may } = useSession()
  const because = call.ended_because?.replace('.', '_') ?? null
  const reads = may('patients:read')
  const facts: [string, ReactNode][] = [
    [say('status'), <Status key="status" of={call.status} />],
    [say('way'), say(`direction_${call.direction}`)],
    [say('number'), call.number ?? '–'],
    [
      say('who'),
      call.patient_id && reads ? (
        <span>
          <Link to="/patients/$patientId" params={{ patientId: call.patient_id }} className="text-brand underline underline-offset-4">
            <PatientName id={call.patient_id} />
          </Link>
          {!call.identified && ` (${say('unidentified')})`}
        </span>
      ) : (
        say(call.identified ? 'identified' : 'unidentified')
      ),
    ],
    [say('when'), time.moment(call.created_at)],
    [say('answeredAt'), call.answered_at ? time.moment(call.answered_at) : '–'],
    [say('endedAt'), call.ended_at ? time.moment(call.ended_at) : '–'],
    [say('length'), call.seconds === null ? '–' : clock(call.seconds)],
    [say('answeredBy'), call.answered_by ? say(call.answered_by.startsWith('machine') ? 'machine' : call.answered_by === 'human' ? 'human' : 'unknown') : '–'],
    [say('because'), because === null ? '–' : REASONS.includes(because as Reason) ? say(`because_${because as Reason}`) : because],
  ]
  return (
    <div className="flex flex-col gap-4">
      <dl aria-live="polite" className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2 text-sm">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0 break-words">{value}</dd>
          </div>
        ))}
      </dl>
      {call.consultation_id && may('consultations:read') && (
        <Button asChild className="self-start">
          <Link to="/consultations/$consultationId" params={{ consultationId: call.consultation_id }}>
            {say('open')}
          </Link>
        </Button>
      )}
    </div>
  )
}
