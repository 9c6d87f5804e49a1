import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { compareAgentVersionsOptions, getAgentOptions, listAgentVersionsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { publishAgent } from '@/api/generated/sdk.gen'
import type { AgentOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useAgentWords } from './words'

export function Versions({ agent, published }: { agent: AgentOut; published: number | null }) {
  const say = useAgentWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const [shown, setShown] = useState<number | null>(null)
  const query = useQuery(listAgentVersionsOptions({ path: { agent_id: agent.id }, query: { limit: 50 } }))
  const publish = useMutation({
    mutationFn: (number: number) =>
      publishAgent({
        path: { agent_id: agent.id, number },
        headers: published === null ? {} : { 'if-match': `"${published}"` },
        throwOnError: true,
      }),
    onSuccess: (_, number) => tell(say('publishedNow', { n: number })),
    onSettled: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: getAgentOptions({ path: { agent_id: agent.id } }).queryKey }),
        cache.invalidateQueries({ queryKey: ['agents'] }),
        cache.invalidateQueries({ predicate: ({ queryKey }) => isListOfAgents(queryKey[0]) }),
      ]),
  })
  return (
    <Panel>
      {publish.isError && <Refused error={publish.error} />}
      <Loaded query={query}>
        {({ items }) => (
          <ol className="divide-y divide-line text-sm">
            {items.map((one) => (
              <li key={one.id} className="flex flex-col gap-2 py-3">
                <div className="flex flex-wrap items-center justify-between gap-2">
                  <span className="flex items-center gap-2">
                    {say('version', { n: one.number })}
                    {one.number === published && <Badge tone="good">{say('serving')}</Badge>}
                    <span className="text-soft">{time.moment(one.created_at)}</span>
                  </span>
                  <span className="flex flex-wrap gap-2">
                    {one.number > 1 && (
                      <Button size="small" aria-expanded={shown === one.number} onClick={() => setShown(shown === one.number ? null : one.number)}>
                        {say('changes', { after: one.number })}
                      </Button>
                    )}
                    {may('agents:publish') && one.number !== published && (
                      <Button
                        size="small"
                        kind="primary"
                        busy={publish.isPending && publish.variables === one.number}
                        onClick={() => publish.mutate(one.number)}
                      >
                        {say(published !== null && one.number < published ? 'rollBack' : 'publish', { n: one.number })}
                      </Button>
                    )}
                  </span>
                </div>
                {shown === one.number && <Difference agentId={agent.id} after={one.number} />}
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  )
}

function isListOfAgents(key: unknown): boolean {
  return typeof key === 'object' && key !== null && '_id' in key && key._id === 'listAgents'
}

function Difference({ agentId, after }: { agentId: string; after: number }) {
  const say = useAgentWords()
  const query = useQuery(compareAgentVersionsOptions({ path: { agent_id: agentId }, query: { before: after - 1, after } }))
  return (
    <Loaded query={query}>
      {(all) => (
        <ul className="flex flex-col gap-2 rounded-lg bg-sunken p-3">
          {all.map((one) => (
            <li key={one.path}>
              <p className="font-mono text-xs">{one.path}</p>
              <p>
                <span className="sr-only">{say('before')}: </span>
                <del className="bg-bad-wash">{shownValue(one.before)}</del>{' '}
                <span className="sr-only">{say('after')}: </span>
                <ins className="bg-good-wash">{shownValue(one.after)}</ins>
              </p>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  )
}

function shownValue(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
