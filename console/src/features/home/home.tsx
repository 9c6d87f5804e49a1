// What is worth knowing first, for whoever is here: each tile asks for what its reader may see.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import { Mic } from 'lucide-react'
import type { ReactNode } from 'react'
import {
  costBreakdownOptions,
  listAlertsOptions,
  listAppointmentsOptions,
  listConsultationsOptions,
  listNotesOptions,
  listOrganizationsOptions,
  listWarningsOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import { acknowledgeAlert } from '@/api/generated/sdk.gen'
import type { AlertOut, Warned } from '@/api/generated/types.gen'
import { useLookAgain } from '@/events/live'
import { useLanguage } from '@/i18n'
import { PatientName } from '@/features/patients/patient-name'
import { useAlarmName, useConsultationTypeName } from '@/i18n/names'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Badge, Page, Panel } from '@/ui/page'
import { Loaded, type Asked } from '@/ui/states'
import { useTime, ZONE } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useHomeWords } from './words'

export function Home() {
  const say = useHomeWords()
  const common = useCommonWords()
  const me = useMe()
  const { may } = useSession()
  const time = useTime()
  return (
    <Page
      title={say('hello', { name: me.given_name || me.email })}
      hint={`${say('today', { date: time.date(new Date()) })} · ${common('zone', { zone: ZONE })}`}
    >
      {me.patient_id !== null && <TalkTile />}
      <div className="grid gap-4 md:grid-cols-2">
        {may('alerts:read') && <Alerts />}
        {may('notes:read') && <Drafts />}
        {may('consultations:read') && <LiveNow />}
        {may('appointments:read', 'own:book') && <NextAppointments />}
        {may('usage:read') && <CostToday />}
        {may('providers:read') && me.organization_id !== null && <WarningsTile />}
        {me.platform_admin && me.organization_id === null && <Organizations />}
      </div>
    </Page>
  )
}

function TalkTile() {
  const say = useHomeWords()
  return (
    <Panel className="flex flex-col items-start gap-4 bg-brand-wash sm:flex-row sm:items-center sm:justify-between">
      <div>
        <h2 className="text-lg font-semibold">{say('talk')}</h2>
        <p className="max-w-prose text-sm text-soft">{say('talkHint')}</p>
      </div>
      <Button asChild kind="primary" className="min-h-12 px-6 text-base">
        <Link to="/talk">
          <Mic aria-hidden className="size-5" />
          {say('talkStart')}
        </Link>
      </Button>
    </Panel>
  )
}

/** A short list: its newest few rows, where all are, and what to say when there are none. */
function Tile<R>({
  title,
  query,
  none,
  to,
  row,
}: {
  title: string
  query: Asked<{ items: R[] }>
  none: string
  to?: LinkProps['to']
  row: (one: R) => ReactNode
}) {
  const say = useHomeWords()
  const all = to && (
    <Link to={to} className="py-1 text-sm text-brand underline underline-offset-4">
      {say('openAll')}
    </Link>
  )
  return (
    <Panel title={title} actions={all}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-sm text-soft">{none}</p>
          ) : (
            <ul className="divide-y divide-line text-sm">{items.map(row)}</ul>
          )
        }
      </Loaded>
    </Panel>
  )
}

const ROW = 'flex min-h-11 flex-wrap items-center justify-between gap-2 py-2'

function Alerts() {
  const say = useHomeWords()
  const alarm = useAlarmName()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const query = useQuery({ ...listAlertsOptions({ query: { open: true, limit: 5 } }), refetchInterval: useLookAgain() })
  const see = useMutation({
    mutationFn: (alert: AlertOut) => acknowledgeAlert({ path: { alert_id: alert.id }, throwOnError: true }),
    onSettled: () => cache.invalidateQueries({ queryKey: listAlertsOptions({ query: { open: true, limit: 5 } }).queryKey }),
    onError: tell.refusal,
  })
  return (
    <Tile
      title={say('alerts')}
      query={query}
      none={say('alertsNone')}
      row={(one: AlertOut) => (
        <li key={one.id} className={ROW}>
          <span className="flex items-center gap-2">
            <Badge tone="bad">{alarm(one.category)}</Badge>
            <PatientName id={one.patient_id} />
            <span className="text-soft">{time.ago(one.created_at)}</span>
          </span>
          {may('alerts:acknowledge') && (
            <Button size="small" busy={see.isPending} onClick={() => see.mutate(one)}>
              {say('seen')}
            </Button>
          )}
        </li>
      )}
    />
  )
}

function Drafts() {
  const say = useHomeWords()
  const time = useTime()
  const query = useQuery({ ...listNotesOptions({ query: { status: 'draft', limit: 5 } }), refetchInterval: useLookAgain() })
  return (
    <Tile
      title={say('drafts')}
      query={query}
      none={say('draftsNone')}
      to="/notes"
      row={(one) => (
        <li key={one.id} className={ROW}>
          <Link to="/notes/$noteId" params={{ noteId: one.id }} className="text-brand underline-offset-4 hover:underline">
            <PatientName id={one.patient_id} />
          </Link>
          <span className="text-soft">{time.ago(one.created_at)}</span>
        </li>
      )}
    />
  )
}

function LiveNow() {
  const say = useHomeWords()
  const time = useTime()
  const query = useQuery({
    ...listConsultationsOptions({ query: { state: 'active', limit: 5 } }),
    refetchInterval: useLookAgain(),
  })
  return (
    <Tile
      title={say('live')}
      query={query}
      none={say('liveNone')}
      to="/live"
      row={(one) => (
        <li key={one.id} className={ROW}>
          <Link to="/consultations/$consultationId" params={{ consultationId: one.id }} className="text-brand underline-offset-4 hover:underline">
            <PatientName id={one.patient_id} />
          </Link>
          <span className="text-soft">{time.ago(one.created_at)}</span>
        </li>
      )}
    />
  )
}

const HOUR_MS = 3_600_000

function NextAppointments() {
  const say = useHomeWords()
  const time = useTime()
  const typeOf = useConsultationTypeName()
  const { may } = useSession()
  // To the hour, or every render would ask a new question.
  const start = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString()
  const query = useQuery(listAppointmentsOptions({ query: { state: 'booked', start, sort: 'starts_at', limit: 5 } }))
  return (
    <Tile
      title={say('appointments')}
      query={query}
      none={say('appointmentsNone')}
      to="/appointments"
      row={(one) => (
        <li key={one.id} className={ROW}>
          <span>{may('appointments:read') ? <PatientName id={one.patient_id} /> : typeOf(one.type)}</span>
          <span className="text-soft">{time.moment(one.starts_at)}</span>
        </li>
      )}
    />
  )
}

function CostToday() {
  const say = useHomeWords()
  const time = useTime()
  const midnight = new Date(new Date().setHours(0, 0, 0, 0)).toISOString()
  const query = useQuery(costBreakdownOptions({ query: { from: midnight } }))
  return (
    <Panel
      title={say('cost')}
      actions={
        <Link to="/usage" className="py-1 text-sm text-brand underline underline-offset-4">
          {say('openAll')}
        </Link>
      }
    >
      <Loaded query={query}>
        {({ total }) => (
          <div className="flex flex-col gap-1">
            <p className="text-2xl font-semibold tabular-nums">
              {time.number(Number(total.cost_usd), { style: 'currency', currency: 'USD' })}
              {total.cost_inr !== null && total.cost_inr !== undefined && (
                <span className="ml-2 text-base font-normal text-soft">
                  {time.number(Number(total.cost_inr), { style: 'currency', currency: 'INR' })}
                </span>
              )}
            </p>
            <p className="text-sm text-soft">
              {say('calls')}: {time.number(total.calls)} ·{' '}
              {say('minutes', { n: time.number(total.audio_s / 60, { maximumFractionDigits: 1 }) })}
              {total.unpriced > 0 && ` · ${say('unpriced', { n: total.unpriced })}`}
            </p>
          </div>
        )}
      </Loaded>
    </Panel>
  )
}

/** In English the API says it; in Hindi we do. */
const WARNED = {
  'agent.provider': 'warned_agent',
  'budget.exhausted': 'warned_exhausted',
  'budget.warning': 'warned_budget',
  'provider.model_ends': 'warned_model',
  'provider.refused': 'warned_refused',
  'provider.unwell': 'warned_unwell',
  'usage.unpriced': 'warned_unpriced',
} as const satisfies Record<Warned['code'], string>

function WarningsTile() {
  const say = useHomeWords()
  const language = useLanguage()
  const query = useQuery(listWarningsOptions())
  return (
    <Panel title={say('warnings')}>
      <Loaded query={query}>
        {({ warnings }) =>
          warnings.length === 0 ? (
            <p className="text-sm text-soft">{say('warningsNone')}</p>
          ) : (
            <ul className="flex flex-col gap-2 text-sm">
              {warnings.map((one, n) => (
                <li key={n} className="rounded-lg bg-warn-wash p-3">
                  {language === 'hi' ? say(WARNED[one.code], one.about) : one.message}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  )
}

function Organizations() {
  const say = useHomeWords()
  const query = useQuery(listOrganizationsOptions({ query: { limit: 5 } }))
  return (
    <Tile
      title={say('organizations')}
      query={query}
      none="–"
      to="/organizations"
      row={(one) => (
        <li key={one.id} className={ROW}>
          <span>{one.name}</span>
          <Badge tone={one.status === 'active' ? 'good' : 'warn'}>{say(`status_${one.status}`)}</Badge>
        </li>
      )}
    />
  )
}
