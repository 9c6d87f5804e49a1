import { useQuery } from '@tanstack/react-query'
import { getScenarioRunOptions } from '@/api/generated/@tanstack/react-query.gen'
import { Badge } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { Broken, spaced, useWanted } from './scenario-wanted'
import { useScenarioWords } from './scenario-words'
import { useAgentWords } from './words'

/** A run, turn by turn: what was said, what was answered, and what came of each expectation. */
export function RunDetails({ agentId, runId }: { agentId: string; runId: string }) {
  const say = useScenarioWords()
  const agent = useAgentWords()
  const wanted = useWanted()
  const time = useTime()
  const run = useQuery(getScenarioRunOptions({ path: { agent_id: agentId, run_id: runId } }))
  return (
    <Loaded query={run} lines={8}>
      {({ created_at, finished_at, results }) => (
        <div className="flex flex-col gap-5 text-sm">
          <p className="text-soft">
            {finished_at ? say('tookPlace', { from: time.moment(created_at), to: time.time(finished_at) }) : time.moment(created_at)}
          </p>
          {results.map((result) => (
            <section key={result.name} className="flex flex-col gap-2">
              <h3 className="flex flex-wrap items-center gap-2 font-semibold">
                <Badge tone={result.passed ? 'good' : 'bad'}>{agent(result.passed ? 'passed' : 'failed')}</Badge>
                {result.name}
              </h3>
              {result.error_code && <Broken code={result.error_code} />}
              {(result.turns ?? []).map((turn, n) => (
                <div key={n} className="flex flex-col gap-1 border-l-2 border-line pl-3">
                  <p>
                    <span className="text-soft">{say('patient')}:</span> {turn.patient}
                  </p>
                  <p>
                    <span className="text-soft">{say('answer')}:</span> {turn.answer}
                  </p>
                  {turn.calls.map((call, at) => (
                    <p key={at} className="text-soft">
                      {say('called', { name: spaced(String(call.name)) })}
                    </p>
                  ))}
                  {turn.checks.map((check, at) => (
                    <p key={at} className="flex flex-wrap items-center gap-2">
                      <Badge tone={check.passed ? 'good' : 'bad'}>{agent(check.passed ? 'passed' : 'failed')}</Badge>
                      <span>{wanted(check)}</span>
                    </p>
                  ))}
                </div>
              ))}
            </section>
          ))}
        </div>
      )}
    </Loaded>
  )
}
