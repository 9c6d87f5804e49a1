// What agents can do beside talking: the organization's own tools, and those that come with the product.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listBuiltInToolsOptions, listToolsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { ToolForm } from './tool-form'
import { ToolPanel } from './tool-panel'
import { useToolWords } from './words'

export function ToolsPage() {
  const say = useToolWords()
  const { may } = useSession()
  const [adding, setAdding] = useState(false)
  const query = useQuery(listToolsOptions())
  const add = may('agents:write') && (
    <Button aria-haspopup="dialog" kind="primary" onClick={() => setAdding(true)}>
      {say('add')}
    </Button>
  )
  return (
    <Page title={say('title')} hint={say('titleHint')} actions={query.data?.length ? add : undefined}>
      <Loaded query={query}>
        {(tools) =>
          tools.length === 0 ? (
            <Empty title={say('none')} action={add}>
              {say('noneHint')}
            </Empty>
          ) : (
            <div className="flex flex-col gap-4">
              {tools.map((one) => (
                <ToolPanel key={one.id} tool={one} />
              ))}
            </div>
          )
        }
      </Loaded>
      <BuiltIn />
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <ToolForm onDone={() => setAdding(false)} />
      </Dialog>
    </Page>
  )
}

function BuiltIn() {
  const say = useToolWords()
  const query = useQuery(listBuiltInToolsOptions())
  return (
    <Panel title={say('builtIn')}>
      <p className="mb-3 text-sm text-soft">{say('builtInHint')}</p>
      <Loaded query={query}>
        {(tools) => (
          <ul className="divide-y divide-line text-sm">
            {tools.map((one) => (
              <li key={one.name} className="flex flex-col gap-1 py-3">
                <p className="flex flex-wrap items-center gap-2">
                  <code className="font-medium">{one.name}</code>
                  <Badge tone={one.effect === 'read' ? 'neutral' : 'brand'}>{say(`effect_${one.effect}`)}</Badge>
                </p>
                <p className="text-soft" lang="en">
                  {one.description}
                </p>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}
