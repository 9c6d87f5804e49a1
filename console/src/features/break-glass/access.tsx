// A record under emergency access. Each look is an entry of the audit, so nothing is read that nobody asked to see: no
// query runs again by itself, and what was read is dropped when the page is left or the time is over.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Siren } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { readPatientInEmergencyOptions } from '@/api/generated/@tanstack/react-query.gen'
import { revokeBreakGlass } from '@/api/generated/sdk.gen'
import type { AccessOut, EmergencyRecord } from '@/api/generated/types.gen'
import { useLanguageName } from '@/i18n/language-names'
import { useConsultationTypeName } from '@/i18n/names'
import { Button } from '@/ui/button'
import { Page, PageOf, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { clock, useTime, ZONE } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { OWN_ACCESSES } from './own-accesses'
import { EmergencyNote, EmergencyTranscript, ONCE } from './read'
import { useTimeLeft } from './time-left'
import { useBreakGlassWords } from './words'

export function EmergencyAccess() {
  const { accessId } = useParams({ strict: false }) as { accessId: string }
  const accesses = useQuery(OWN_ACCESSES)
  return (
    <PageOf query={accesses}>
      {({ items }) => <Found access={items.find((one) => one.id === accessId)} />}
    </PageOf>
  )
}

function Found({ access }: { access?: AccessOut }) {
  const common = useCommonWords()
  const left = useTimeLeft(access)
  if (!access) return <Page title={common('notFound')}>{null}</Page>
  return left > 0 ? <Opened access={access} left={left} /> : <Over />
}

function Over() {
  const say = useBreakGlassWords()
  return (
    <Page title={say('overTitle')} hint={say('overHint')}>
      <div>
        <Button asChild>
          <Link to="/emergency">{say('own')}</Link>
        </Button>
      </div>
    </Page>
  )
}

function Opened({ access, left }: { access: AccessOut; left: number }) {
  const say = useBreakGlassWords()
  const common = useCommonWords()
  const cache = useQueryClient()
  const query = useQuery({ ...readPatientInEmergencyOptions({ path: { break_glass_id: access.id } }), ...ONCE })
  useEffect(
    () => () => {
      cache.removeQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(access.id) })
      void cache.invalidateQueries({ queryKey: OWN_ACCESSES.queryKey })
    },
    [cache, access.id],
  )
  const name = query.data && [query.data.patient.given_name, query.data.patient.family_name].join(' ')
  return (
    <>
      <Banner access={access} left={left} />
      <Page title={name ?? say('title')} hint={[query.data?.patient.record_number, common('zone', { zone: ZONE })].filter(Boolean).join(' · ')}>
        <Loaded query={query} lines={8}>
          {(record) => <Whole access={access} record={record} />}
        </Loaded>
      </Page>
    </>
  )
}

/** Red, on every scroll, and plain: what this is, how long it lasts, and the way out. */
function Banner({ access, left }: { access: AccessOut; left: number }) {
  const say = useBreakGlassWords()
  const tell = useTell()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const end = useMutation({
    mutationFn: () => revokeBreakGlass({ path: { break_glass_id: access.id }, throwOnError: true }),
    onSuccess: async () => {
      tell(say('ended'))
      await navigate({ to: '/emergency' })
      await cache.invalidateQueries({ queryKey: OWN_ACCESSES.queryKey })
    },
    onError: tell.refusal,
  })
  return (
    <section aria-label={say('title')} className="sticky top-16 z-10 flex flex-wrap items-center gap-x-4 gap-y-2 bg-bad px-4 py-3 text-page sm:px-6">
      <Siren aria-hidden className="size-5 shrink-0" />
      <p className="min-w-0 flex-1 basis-60 text-sm">
        <span className="font-semibold">{say('banner')}</span> <span>{say('bannerHint')}</span>
      </p>
      <p className="text-sm">
        {say('left')}{' '}
        <span role="timer" className="font-semibold tabular-nums">
          {clock(left)}
        </span>
      </p>
      <Button busy={end.isPending} onClick={() => end.mutate()}>
        {say('end')}
      </Button>
    </section>
  )
}

function Whole({ access, record }: { access: AccessOut; record: EmergencyRecord }) {
  const say = useBreakGlassWords()
  const { consultation, note } = useSearch({ strict: false }) as { consultation?: string; note?: string }
  const read = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // On a phone it stands below all there is to choose from.
    if ((consultation || note) && !window.matchMedia('(min-width: 64rem)').matches) read.current?.scrollIntoView({ block: 'start' })
  }, [consultation, note])
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <div className="flex min-w-0 flex-col gap-4">
        <Who record={record} />
        <Things access={access} record={record} />
      </div>
      <div ref={read} className="min-w-0 max-lg:min-h-dvh max-lg:scroll-mt-48" aria-live="polite">
        {consultation && <EmergencyTranscript key={consultation} accessId={access.id} consultationId={consultation} />}
        {note && <EmergencyNote key={note} accessId={access.id} noteId={note} />}
        {!consultation && !note && <p className="rounded-xl border border-dashed border-line p-6 text-sm text-soft">{say('choose')}</p>}
      </div>
    </div>
  )
}

function Who({ record: { patient } }: { record: EmergencyRecord }) {
  const say = useBreakGlassWords()
  const languageOf = useLanguageName()
  const time = useTime()
  const known = (['female', 'male', 'other'] as const).find((one) => one === patient.gender)
  const facts: [string, string | null | undefined][] = [
    [say('birthDate'), patient.birth_date && time.date(patient.birth_date)],
    [say('gender'), known && say(`gender_${known}`)],
    [say('phone'), patient.phone],
    [say('address'), patient.address],
    [say('language'), languageOf(patient.language)],
  ]
  return (
    <Panel title={say('who')}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="break-words">{value || '–'}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}

function Things({ access, record }: { access: AccessOut; record: EmergencyRecord }) {
  const say = useBreakGlassWords()
  const typeOf = useConsultationTypeName()
  const time = useTime()
  const shown = useSearch({ strict: false }) as { consultation?: string; note?: string }
  const things = [
    { name: say('notes'), none: say('notesNone'), all: record.notes.map((one) => ({ id: one.id, at: one.created_at, search: { note: one.id }, badge: say(one.status === 'approved' ? 'signed' : 'unsigned') })) },
    { name: say('consultations'), none: say('consultationsNone'), all: record.consultations.map((one) => ({ id: one.id, at: one.created_at, search: { consultation: one.id }, badge: typeOf(one.type) })) },
  ]
  return things.map(({ name, none, all }) => (
    <Panel key={name} title={name}>
      {all.length === 0 && <p className="text-sm text-soft">{none}</p>}
      <ul className="flex flex-col gap-1 text-sm">
        {all.map((one) => (
          <li key={one.id}>
            <Link
              to="/emergency/$accessId"
              params={{ accessId: access.id }}
              search={one.search}
              resetScroll={false}
              aria-current={one.id === shown.note || one.id === shown.consultation ? 'true' : undefined}
              className="flex min-h-11 items-center justify-between gap-3 rounded-lg px-3 hover:bg-sunken aria-[current]:bg-brand-wash"
            >
              <span>{time.moment(one.at)}</span>
              <span className="text-soft">{one.badge}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  ))
}
