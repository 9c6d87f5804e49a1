// One's own emergency accesses, and asking for one by the number on a wristband.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { AccessOut } from '@/api/generated/types.gen'
import { Badge, Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime, ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { AskForAccess } from './ask'
import { useMayBreakGlass } from './may-see'
import { OWN_ACCESSES } from './own-accesses'
import { stands } from './time-left'
import { useBreakGlassWords } from './words'

export function Emergency() {
  const say = useBreakGlassWords()
  const common = useCommonWords()
  const needed = useMayBreakGlass()
  const query = useQuery(OWN_ACCESSES)
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })} actions={needed && <AskForAccess />}>
      <p className="max-w-prose text-sm text-soft">{say('titleHint')}</p>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('none')}>{say('noneHint')}</Empty>
          ) : (
            <Panel title={say('own')}>
              <ul className="divide-y divide-line text-sm">
                {items.map((one) => (
                  <Own key={one.id} access={one} />
                ))}
              </ul>
            </Panel>
          )
        }
      </Loaded>
    </Page>
  )
}

function Own({ access }: { access: AccessOut }) {
  const say = useBreakGlassWords()
  const time = useTime()
  const open = stands(access)
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 py-3">
      <div className="min-w-0">
        <p className="break-words">
          {open ? (
            <Link to="/emergency/$accessId" params={{ accessId: access.id }} className="font-medium text-brand underline-offset-4 hover:underline">
              {access.reason}
            </Link>
          ) : (
            access.reason
          )}
        </p>
        <p className="text-soft">
          {time.moment(access.created_at)} – {time.time(access.revoked_at ?? access.expires_at)} · {say('reads', { n: time.number(access.reads) })}
        </p>
      </div>
      <Badge tone={open ? 'bad' : 'neutral'}>{say(open ? 'stands' : 'over')}</Badge>
    </li>
  )
}
