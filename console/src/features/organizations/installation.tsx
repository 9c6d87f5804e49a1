// How the process that answers is: what it serves by, part by part.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { authorizedFetch, problemOf } from '@/api/client'
import { serviceInformationOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { Readiness } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useOrganizationWords } from './words'

const EVERY_MS = 10_000
const WELL = new Set(['ok', 'local', 'accepting'])
const STATED = ['ok', 'local', 'accepting', 'full', 'stopping', 'reconnecting', 'half_open', 'open'] as const
const PARTS = ['database', 'events', 'vectors', 'ai', 'calls'] as const

/** An answer of 503 says what is wrong just as one of 200 says what is well. */
async function readiness(): Promise<Readiness> {
  const answer = await authorizedFetch('/ready')
  if (answer.status !== 200 && answer.status !== 503) throw await problemOf(answer)
  return (await answer.json()) as Readiness
}

export function Installation() {
  const say = useOrganizationWords()
  const ready = useQuery({ queryKey: ['ready'], queryFn: readiness, refetchInterval: EVERY_MS })
  return (
    <div className="grid items-start gap-4 md:grid-cols-2">
      <Panel title={say('ready')}>
        <Loaded query={ready} lines={6}>
          {({ status, parts }) => (
            <div className="flex flex-col gap-3">
              <p role="status">
                <Badge tone={status === 'ok' ? 'good' : 'bad'}>{say(status === 'ok' ? 'serves' : 'servesNot')}</Badge>
              </p>
              <dl className="divide-y divide-line text-sm">
                {Object.entries(parts).map(([part, state]) => (
                  <Part key={part} part={part} state={state} />
                ))}
              </dl>
            </div>
          )}
        </Loaded>
      </Panel>
      <About />
    </div>
  )
}

function Part({ part, state }: { part: string; state: string }) {
  const say = useOrganizationWords()
  const known = PARTS.find((one) => one === part)
  const told = STATED.find((one) => one === state)
  return (
    <div className="flex flex-wrap items-center justify-between gap-2 py-2">
      <dt>
        {known ? say(`part_${known}`) : part}
        {known && <span className="block text-xs text-soft">{say(`part_${known}_means`)}</span>}
      </dt>
      <dd>
        <Badge tone={WELL.has(state) ? 'good' : 'warn'}>{told ? say(`is_${told}`) : state}</Badge>
      </dd>
    </div>
  )
}

function About() {
  const say = useOrganizationWords()
  const query = useQuery(serviceInformationOptions())
  return (
    <Panel title={say('about')}>
      <Loaded query={query}>
        {({ name, version, google_sign_in, documentation }) => (
          <div className="flex flex-col gap-3 text-sm">
            <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
              <dt className="text-soft">{say('version')}</dt>
              <dd>
                {name} {version}
              </dd>
              <dt className="text-soft">{say('google')}</dt>
              <dd>{say(google_sign_in ? 'offered' : 'notOffered')}</dd>
            </dl>
            <div className="flex flex-wrap gap-2">
              <Button asChild>
                <a href={documentation}>{say('apiPages')}</a>
              </Button>
              <Button asChild>
                <Link to="/providers">{say('providers')}</Link>
              </Button>
              <Button asChild>
                <Link to="/usage">{say('prices')}</Link>
              </Button>
            </div>
          </div>
        )}
      </Loaded>
    </Panel>
  )
}
