import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { archiveAgent } from '@/api/generated/sdk.gen'
import type { AgentOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { useTell } from '@/ui/toast'
import { useFileWords } from './file-words'

export function Archive({ agent }: { agent: AgentOut }) {
  const say = useFileWords()
  const tell = useTell()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const { name } = agent.config
  const archive = useMutation({
    mutationFn: () => archiveAgent({ path: { agent_id: agent.id }, throwOnError: true }),
    onSuccess: async () => {
      tell(say('archived', { name }))
      await navigate({ to: '/agents', ignoreBlocker: true })
      await cache.invalidateQueries({ queryKey: ['agents'] })
    },
  })
  return (
    <>
      <Button size="small" aria-haspopup="dialog" onClick={() => setAsking(true)}>
        {say('archive')}
      </Button>
      <Confirm
        open={asking}
        title={say('archiveNow', { name })}
        action={say('archive')}
        busy={archive.isPending}
        error={archive.error}
        onDone={() => archive.mutate()}
        onClose={() => setAsking(false)}
      >
        <p>{say('archiveWhat')}</p>
      </Confirm>
    </>
  )
}
