import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { getAgentOptions, getAgentVersionOptions, listAgentsOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { AgentOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Badge, Page, PageOf } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { Archive } from './archive'
import { KeepFile } from './bring'
import { useFileWords } from './file-words'
import { AgentForm } from './form'
import { Scenarios } from './scenarios'
import { TryOut } from './try-out'
import { Versions } from './versions'
import { useAgentWords } from './words'
import { Yaml } from './yaml'

const TABS = ['form', 'yaml', 'versions', 'scenarios', 'try'] as const

export function AgentPage() {
  const { agentId } = useParams({ strict: false }) as { agentId: string }
  const serving = useQuery(getAgentOptions({ path: { agent_id: agentId } }))
  return <PageOf query={serving}>{({ latest }) => <Latest key={agentId} agentId={agentId} number={latest} />}</PageOf>
}

/** What is edited is the newest version, whichever serves. What was typed outlives a newer one that somebody else saves:
 *  saving it is refused then, in words. */
function Latest({ agentId, number }: { agentId: string; number: number }) {
  const [held, setHeld] = useState(number)
  const [typed, setTyped] = useState(false)
  useEffect(() => {
    if (!typed) setHeld(number)
  }, [typed, number])
  const query = useQuery(getAgentVersionOptions({ path: { agent_id: agentId, number: held } }))
  return <PageOf query={query}>{(agent) => <Whole key={held} agent={agent} onTyped={setTyped} />}</PageOf>
}

function Whole({ agent, onTyped }: { agent: AgentOut; onTyped: (typed: boolean) => void }) {
  const say = useAgentWords()
  const file = useFileWords()
  const { may } = useSession()
  const navigate = useNavigate()
  const tab = useTab(TABS)
  const published = usePublished(agent.id)
  return (
    <Page
      title={agent.config.name}
      actions={
        <>
          <KeepFile address={`/api/v1/agents/${agent.id}/yaml?whole=true`} name={`${agent.config.name}.yaml`} label={file('export')} />
          {may('agents:write') && <Archive agent={agent} />}
        </>
      }
      hint={
        <span className="flex flex-wrap gap-2">
          <Badge>{say('version', { n: agent.latest })}</Badge>
          {published === null ? (
            <Badge tone="warn">{say('unpublished')}</Badge>
          ) : (
            <Badge tone="good">{say('published', { n: published ?? '…' })}</Badge>
          )}
        </span>
      }
    >
      <Tabs
        label={agent.config.name}
        value={tab}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/agents/$agentId', params: { agentId: agent.id }, search: { tab: next } })}
      >
        {tab === 'form' && <AgentForm agent={agent} onTyped={onTyped} />}
        {tab === 'yaml' && <Yaml agent={agent} onTyped={onTyped} />}
        {tab === 'versions' && <Versions agent={agent} published={published ?? null} />}
        {tab === 'scenarios' && <Scenarios agent={agent} />}
        {tab === 'try' && <TryOut agent={agent} />}
      </Tabs>
    </Page>
  )
}

/** The version that serves; null where none does, undefined until it is known. */
function usePublished(agentId: string): number | null | undefined {
  const { data } = useQuery(listAgentsOptions({ query: { limit: 200 } }))
  const row = data?.items.find((one) => one.id === agentId)
  return row === undefined ? undefined : (row.published ?? null)
}
