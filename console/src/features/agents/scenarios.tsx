import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { listScenarioRunsOptions, listScenariosOptions } from '@/api/generated/@tanstack/react-query.gen'
import { runScenarios } from '@/api/generated/sdk.gen'
import type { AgentOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useAgentWords } from './words'

const LOOK_AGAIN_MS = 1_500
const UNDER_WAY = ['queued', 'running']

export function Scenarios({ agent }: { agent: AgentOut }) {
  const say = useAgentWords()
  const tell = useTell()
  const cache = useQueryClient()
  const path = { agent_id: agent.id }
  const scenarios = useQuery(listScenariosOptions({ path }))
  const asked = { path, query: { limit: 5 } }
  const run = useMutation({
    mutationFn: () => runScenarios({ path, body: { number: agent.latest }, throwOnError: true }),
    onSuccess: () => tell(say('running')),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: listScenarioRunsOptions(asked).queryKey }),
  })
  return (
    <Loaded query={scenarios}>
      {(all) =>
        all.length === 0 ? (
          <Empty title={say('scenariosNone')} />
        ) : (
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Panel
              title={say('scenarios')}
              actions={
                <Button kind="primary" size="small" busy={run.isPending} onClick={() => run.mutate()}>
                  {say('run')}
                </Button>
              }
            >
              <ul className="flex flex-col gap-3 text-sm">
                {all.map(({ id, scenario }) => (
                  <li key={id}>
                    <p className="font-medium">{scenario.name}</p>
                    {scenario.turns.map((turn, n) => (
                      <p key={n} lang={scenario.language} className="text-soft">
                        “{turn.patient}”
                      </p>
                    ))}
                  </li>
                ))}
              </ul>
            </Panel>
            <Runs asked={asked} />
          </div>
        )
      }
    </Loaded>
  )
}

function Runs({ asked }: { asked: { path: { agent_id: string }; query: { limit: number } } }) {
  const say = useAgentWords()
  const time = useTime()
  const runs = useQuery({
    ...listScenarioRunsOptions(asked),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => UNDER_WAY.includes(one.status)) ? LOOK_AGAIN_MS : false),
  })
  return (
    <Loaded query={runs}>
      {({ items }) => (
        <div className="flex flex-col gap-4">
          {items.length === 0 && <p className="text-sm text-soft">{say('runNone')}</p>}
          {items.map((one) => (
            <Panel key={one.id} title={`${say('runOf', { n: one.number })} · ${time.ago(one.created_at)}`}>
              <ul className="flex flex-col gap-2 text-sm">
                {one.results.map((result) => (
                  <li key={result.name}>
                    <p className="flex items-center gap-2">
                      <Badge tone={result.passed ? 'good' : 'bad'}>{say(result.passed ? 'passed' : 'failed')}</Badge>
                      {result.name}
                    </p>
                    {(result.turns ?? [])
                      .flatMap((turn) => (turn.checks ?? []).filter((check) => !check.passed))
                      .map((check, n) => (
                        <p key={n} className="text-soft">
                          {say('wanted', { what: `${check.expectation} ${JSON.stringify(check.wanted)}` })}
                        </p>
                      ))}
                  </li>
                ))}
              </ul>
              {one.results.length === 0 && <Badge>{one.status}</Badge>}
            </Panel>
          ))}
        </div>
      )}
    </Loaded>
  )
}
