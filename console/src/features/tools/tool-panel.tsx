import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listToolsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { deleteTool, listMcpTools } from '@/api/generated/sdk.gen'
import type { ToolOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Badge, Panel } from '@/ui/page'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { ToolForm } from './tool-form'
import { TryTool } from './try-tool'
import { useToolWords } from './words'

/** One tool of the organization, and what can be done with it. */
export function ToolPanel({ tool }: { tool: ToolOut }) {
  const say = useToolWords()
  const common = useCommonWords()
  const { may } = useSession()
  const [open, setOpen] = useState<'change' | 'try' | null>(null)
  const close = () => setOpen(null)
  const isHttp = tool.kind === 'http'
  return (
    <Panel
      title={tool.name}
      actions={
        may('agents:write') && (
          <span className="flex flex-wrap gap-2">
            {!isHttp && <AskOffers tool={tool} />}
            {tool.offers.length > 0 && (
              <Button aria-haspopup="dialog" size="small" onClick={() => setOpen('try')}>
                {say('try')}
              </Button>
            )}
            <Button aria-haspopup="dialog" size="small" onClick={() => setOpen('change')}>
              {common('edit')}
            </Button>
            <Removal tool={tool} />
          </span>
        )
      }
    >
      <div className="flex flex-col gap-2 text-sm">
        <p className="flex flex-wrap gap-2">
          <Badge>{say(`kind_${tool.kind}`)}</Badge>
          {isHttp && <Badge tone={tool.effect === 'read' ? 'neutral' : 'brand'}>{say(`effect_${tool.effect}`)}</Badge>}
        </p>
        <p>{tool.description}</p>
        <p className="font-mono text-xs break-all text-soft">
          {isHttp && `${tool.method} `}
          {tool.url ?? tool.command}
        </p>
        {!isHttp && <Offers tool={tool} />}
      </div>
      <Dialog open={open === 'change'} title={tool.name} onClose={close}>
        <ToolForm tool={tool} onDone={close} />
      </Dialog>
      <Dialog open={open === 'try'} title={say('tryTitle', { name: tool.name })} onClose={close}>
        <TryTool tool={tool} />
      </Dialog>
    </Panel>
  )
}

function Removal({ tool }: { tool: ToolOut }) {
  const say = useToolWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [asking, setAsking] = useState(false)
  const remove = useMutation({
    mutationFn: () => deleteTool({ path: { tool_id: tool.id }, throwOnError: true }),
    onSuccess: async () => {
      tell(say('deleted', { name: tool.name }))
      await cache.invalidateQueries({ queryKey: listToolsOptions().queryKey })
    },
  })
  return (
    <>
      <Button aria-haspopup="dialog" size="small" onClick={() => setAsking(true)}>
        {common('delete')}
      </Button>
      <Confirm
        open={asking}
        title={say('delete', { name: tool.name })}
        action={common('delete')}
        busy={remove.isPending}
        error={remove.error}
        onDone={() => remove.mutate()}
        onClose={() => setAsking(false)}
      >
        {say('deleteHint')}
      </Confirm>
    </>
  )
}

function AskOffers({ tool }: { tool: ToolOut }) {
  const say = useToolWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const list = useMutation({
    mutationFn: () => listMcpTools({ path: { tool_id: tool.id }, throwOnError: true }),
    onSuccess: ({ data }) => tell(say('listedNow', { n: time.number(data.offers.length) })),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: listToolsOptions().queryKey }),
  })
  return (
    <Button size="small" busy={list.isPending} onClick={() => list.mutate()}>
      {say('list')}
    </Button>
  )
}

function Offers({ tool }: { tool: ToolOut }) {
  const say = useToolWords()
  const time = useTime()
  if (tool.listed_at === null) return <p className="text-soft">{say('listedNever')}</p>
  return (
    <details>
      <summary className="min-h-11 cursor-pointer py-2 text-soft">
        {say('listed', { when: time.ago(tool.listed_at), n: time.number(tool.offers.length) })}
      </summary>
      <ul className="divide-y divide-line">
        {tool.offers.map((one) => (
          <li key={one.name} className="flex flex-col gap-1 py-2">
            <p className="flex flex-wrap items-center gap-2">
              <code>{one.name}</code>
              <Badge tone={one.effect === 'read' ? 'neutral' : 'brand'}>{say(`effect_${one.effect}`)}</Badge>
            </p>
            <p className="text-soft">{one.description}</p>
          </li>
        ))}
      </ul>
    </details>
  )
}
