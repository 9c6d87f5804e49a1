import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listScenarioRunsOptions, listScenariosOptions } from '@/api/generated/@tanstack/react-query.gen'
import { deleteScenario, runScenarios } from '@/api/generated/sdk.gen'
import type { AgentOut, ScenarioOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { BringIn, KeepFile } from './bring'
import { ScenarioForm } from './scenario-form'
import { Runs } from './scenario-runs'
import { useScenarioWords } from './scenario-words'
import { useAgentWords } from './words'

/** What is open above the list; null where nothing is. */
type Open = { what: 'write' } | { what: 'bring' } | { what: 'change' | 'delete'; one: ScenarioOut } | null

export function Scenarios({ agent }: { agent: AgentOut }) {
  const say = useAgentWords()
  const scenario = useScenarioWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const [open, setOpen] = useState<Open>(null)
  const path = { agent_id: agent.id }
  const options = listScenariosOptions({ path })
  const scenarios = useQuery(options)
  const asked = { path, query: { limit: 5 } }
  const run = useMutation({
    mutationFn: () => runScenarios({ path, body: { number: agent.latest }, throwOnError: true }),
    onSuccess: () => tell(say('running')),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: listScenarioRunsOptions(asked).queryKey }),
  })
  const done = (told: string) => {
    setOpen(null)
    tell(told)
    void cache.invalidateQueries({ queryKey: options.queryKey })
  }
  return (
    <>
      <div className="mb-4 flex flex-wrap gap-2">
        {may('agents:write') && (
          <>
            <Button size="small" aria-haspopup="dialog" onClick={() => setOpen({ what: 'write' })}>
              {scenario('add')}
            </Button>
            <Button size="small" aria-haspopup="dialog" onClick={() => setOpen({ what: 'bring' })}>
              {scenario('fromFile')}
            </Button>
          </>
        )}
        <KeepFile
          address={`/api/v1/agents/${agent.id}/scenarios/yaml`}
          name={`${agent.config.name}-scenarios.yaml`}
          label={scenario('export')}
        />
      </div>
      <Loaded query={scenarios}>
        {(all) =>
          all.length === 0 ? (
            <Empty title={say('scenariosNone')} />
          ) : (
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <Panel
                title={say('scenarios')}
                actions={
                  may('agents:write') && (
                    <Button kind="primary" size="small" busy={run.isPending} onClick={() => run.mutate()}>
                      {say('run')}
                    </Button>
                  )
                }
              >
                <ul className="divide-y divide-line text-sm">
                  {all.map((one) => (
                    <Row key={one.id} one={one} mayWrite={may('agents:write')} onOpen={(what) => setOpen({ what, one })} />
                  ))}
                </ul>
              </Panel>
              <Runs asked={asked} />
            </div>
          )
        }
      </Loaded>
      <Dialog open={open?.what === 'write'} title={scenario('add')} onClose={() => setOpen(null)}>
        <ScenarioForm agentId={agent.id} onDone={() => done(common('saved'))} />
      </Dialog>
      <Dialog open={open?.what === 'bring'} title={scenario('fromFile')} onClose={() => setOpen(null)}>
        <BringIn<ScenarioOut[]>
          address={`/api/v1/agents/${agent.id}/scenarios/import`}
          onDone={(made) => done(scenario('brought', { n: made.length }))}
        />
      </Dialog>
      {open?.what === 'change' && (
        <Dialog open title={scenario('change', { name: open.one.scenario.name })} onClose={() => setOpen(null)}>
          <ScenarioForm agentId={agent.id} known={open.one.scenario} onDone={() => done(common('saved'))} />
        </Dialog>
      )}
      {open?.what === 'delete' && (
        <Delete agentId={agent.id} one={open.one} onDone={() => done(scenario('deleted'))} onClose={() => setOpen(null)} />
      )}
    </>
  )
}

function Row({ one, mayWrite, onOpen }: { one: ScenarioOut; mayWrite: boolean; onOpen: (what: 'change' | 'delete') => void }) {
  const say = useScenarioWords()
  const common = useCommonWords()
  const { name, language, turns } = one.scenario
  return (
    <li className="flex flex-col gap-2 py-3 sm:flex-row sm:items-start sm:justify-between">
      <div className="min-w-0">
        <p className="font-medium">{name}</p>
        {turns.map((turn, n) => (
          <p key={n} lang={language} className="text-soft">
            “{turn.patient}”
          </p>
        ))}
      </div>
      {mayWrite && (
        <div className="flex shrink-0 gap-2">
          <Button size="small" aria-haspopup="dialog" aria-label={say('change', { name })} onClick={() => onOpen('change')}>
            {common('edit')}
          </Button>
          <Button size="small" aria-haspopup="dialog" aria-label={say('delete', { name })} onClick={() => onOpen('delete')}>
            {common('delete')}
          </Button>
        </div>
      )}
    </li>
  )
}

function Delete({ agentId, one, onDone, onClose }: { agentId: string; one: ScenarioOut; onDone: () => void; onClose: () => void }) {
  const say = useScenarioWords()
  const common = useCommonWords()
  const remove = useMutation({
    mutationFn: () => deleteScenario({ path: { agent_id: agentId, scenario_id: one.id }, throwOnError: true }),
    onSuccess: onDone,
  })
  return (
    <Confirm
      open
      title={say('delete', { name: one.scenario.name })}
      action={common('delete')}
      busy={remove.isPending}
      error={remove.error}
      onDone={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{say('deleteWhat')}</p>
    </Confirm>
  )
}
