import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listScenarioRunsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { RunDetails } from './scenario-run'
import { Broken, useWanted } from './scenario-wanted'
import { useScenarioWords } from './scenario-words'
import { useAgentWords } from './words'

const LOOK_AGAIN_MS = 1_500
const UNDER_WAY = ['queued', 'running']

export function Runs({ asked }: { asked: { path: { agent_id: string }; query: { limit: number } } }) {
  const say = useAgentWords()
  const scenario = useScenarioWords()
  const wanted = useWanted()
  const time = useTime()
  const [shown, setShown] = useState<{ id: string; number: number } | null>(null)
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
            <Panel
              key={one.id}
              title={`${say('runOf', { n: one.number })} · ${time.ago(one.created_at)}`}
              actions={
                one.results.length > 0 && (
                  <Button size="small" aria-haspopup="dialog" onClick={() => setShown(one)}>
                    {scenario('details')}
                  </Button>
                )
              }
            >
              <ul className="flex flex-col gap-2 text-sm">
                {one.results.map((result) => (
                  <li key={result.name}>
                    <p className="flex items-center gap-2">
                      <Badge tone={result.passed ? 'good' : 'bad'}>{say(result.passed ? 'passed' : 'failed')}</Badge>
                      {result.name}
                    </p>
                    {result.error_code && <Broken code={result.error_code} />}
                    {(result.turns ?? [])
                      .flatMap((turn) => (turn.checks ?? []).filter((check) => !check.passed))
                      .map((check, n) => (
                        <p key={n} className="text-soft">
                          {say('wanted', { what: wanted(check) })}
                        </p>
                      ))}
                  </li>
                ))}
              </ul>
              {one.results.length === 0 && <Badge>{scenario(`status_${one.status}`)}</Badge>}
            </Panel>
          ))}
          {shown && (
            <Dialog open title={scenario('detailsOf', { n: shown.number })} onClose={() => setShown(null)}>
              <RunDetails agentId={asked.path.agent_id} runId={shown.id} />
            </Dialog>
          )}
        </div>
      )}
    </Loaded>
  )
}
