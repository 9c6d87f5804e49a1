import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { listOwnSessionsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { endOwnSession } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useAccountWords } from './words'

export function Sessions() {
  const say = useAccountWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const query = useQuery(listOwnSessionsOptions())
  const end = useMutation({
    mutationFn: (id: string) => endOwnSession({ path: { id }, throwOnError: true }),
    onSuccess: () => tell(say('ended')),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: listOwnSessionsOptions().queryKey }),
  })
  return (
    <Panel title={say('sessions')}>
      <Loaded query={query}>
        {({ items }) => (
          <ul className="divide-y divide-line text-sm">
            {items.map((one) => (
              <li key={one.id} className="flex flex-wrap items-center justify-between gap-3 py-3">
                <div className="min-w-0">
                  <p className="flex flex-wrap items-center gap-2 font-medium">
                    {device(one.user_agent)} {one.present && <Badge tone="good">{say('here')}</Badge>}
                  </p>
                  <p className="text-soft">
                    {[one.organization, one.address, `${say('lastUsed')}: ${time.ago(one.last_used_at)}`]
                      .filter(Boolean)
                      .join(' · ')}
                  </p>
                </div>
                {!one.present && (
                  <Button size="small" busy={end.isPending && end.variables === one.id} onClick={() => end.mutate(one.id)}>
                    {say('end')}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

/** A browser and its system in a word or two; the whole line where we know neither. */
function device(agent: string): string {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari)\//.exec(agent)?.[1]
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1]
  const named = browser === 'Edg' ? 'Edge' : browser === 'OPR' ? 'Opera' : browser
  return [named, system].filter(Boolean).join(', ') || agent.slice(0, 60) || '–'
}
