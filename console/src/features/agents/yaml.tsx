import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { authorizedFetch, problemOf } from '@/api/client'
import { getAgentOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { AgentOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { TextArea } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { useAgentWords } from './words'

interface Edited {
  agent: AgentOut
  onTyped: (typed: boolean) => void
}

/** The agent as its file. Saved, it becomes the next version, as it does from the form. */
export function Yaml({ agent, onTyped }: Edited) {
  const address = `/api/v1/agents/${agent.id}/yaml?number=${agent.number}`
  const query = useQuery({
    queryKey: ['agents', agent.id, 'yaml', agent.number],
    queryFn: async () => {
      const answer = await authorizedFetch(address)
      if (!answer.ok) throw await problemOf(answer)
      return answer.text()
    },
  })
  return <Loaded query={query}>{(text) => <Editor agent={agent} text={text} onTyped={onTyped} />}</Loaded>
}

function Editor({ agent, text, onTyped }: Edited & { text: string }) {
  const say = useAgentWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [wanted, setWanted] = useState(text)
  const typed = wanted !== text
  useUnsaved(typed)
  useEffect(() => {
    onTyped(typed)
    return () => onTyped(false)
  }, [typed, onTyped])
  const save = useMutation({
    mutationFn: async () => {
      const answer = await authorizedFetch(`/api/v1/agents/${agent.id}/yaml`, {
        method: 'PUT',
        headers: { 'content-type': 'application/yaml', 'if-match': `"${agent.number}"` },
        body: wanted,
      })
      if (!answer.ok) throw await problemOf(answer)
      return (await answer.json()) as { number: number }
    },
    onSuccess: async (saved) => {
      tell(say('savedAs', { n: saved.number }))
      onTyped(false)
      await cache.invalidateQueries({ queryKey: getAgentOptions({ path: { agent_id: agent.id } }).queryKey })
    },
  })
  return (
    <Panel className="flex flex-col gap-4">
      <TextArea
        label={say('yaml')}
        hint={say('yamlHint')}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
        rows={24}
        spellCheck={false}
        className="font-mono text-xs"
      />
      {save.isError && <Refused error={save.error} />}
      <div>
        <Button kind="primary" busy={save.isPending} disabled={!typed} onClick={() => save.mutate()}>
          {common('save')}
        </Button>
      </div>
    </Panel>
  )
}
