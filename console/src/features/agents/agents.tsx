import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { createAgent, listAgents } from '@/api/generated/sdk.gen'
import type { AgentOut, AgentRow } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { TextArea, TextField } from '@/ui/field'
import { Badge, Page } from '@/ui/page'
import { Empty, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { BringIn } from './bring'
import { useFileWords } from './file-words'
import { useAgentWords } from './words'

export function Agents() {
  const say = useAgentWords()
  const file = useFileWords()
  const tell = useTell()
  const navigate = useNavigate()
  const { may } = useSession()
  const [bringing, setBringing] = useState(false)
  const [adding, setAdding] = useState(false)
  const order = useOrder(['name', 'created_at'], '-created_at')
  const rows = useRows(['agents', order.sort], async (cursor) => (await listAgents({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const columns: Column<AgentRow>[] = [
    { name: say('name'), cell: (row) => row.name, sort: 'name' },
    {
      name: say('serving'),
      cell: (row) =>
        row.published === null || row.published === undefined ? (
          <Badge tone="warn">{say('unpublished')}</Badge>
        ) : (
          <Badge tone="good">{say('version', { n: row.published })}</Badge>
        ),
    },
  ]
  return (
    <Page
      title={say('title')}
      actions={
        may('agents:write') && (
          <>
            <Button aria-haspopup="dialog" onClick={() => setBringing(true)}>
              {file('import')}
            </Button>
            <Button aria-haspopup="dialog" onClick={() => setAdding(true)}>
              {say('add')}
            </Button>
          </>
        )
      }
    >
      <Table
        order={order}
        caption={say('title')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({ to: '/agents/$agentId', params: { agentId: row.id } })}
        empty={<Empty title={say('none')} />}
      />
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <NewAgent />
      </Dialog>
      <Dialog open={bringing} title={file('import')} onClose={() => setBringing(false)}>
        <BringIn<AgentOut>
          address="/api/v1/agents/import"
          onDone={({ id, config }) => {
            tell(file('imported', { name: config.name }))
            void navigate({ to: '/agents/$agentId', params: { agentId: id } })
          }}
        />
      </Dialog>
    </Page>
  )
}

function NewAgent() {
  const say = useAgentWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [instructions, setInstructions] = useState('')
  const create = useMutation({
    mutationFn: () => createAgent({ body: { name, instructions }, throwOnError: true }),
    onSuccess: ({ data }) => void navigate({ to: '/agents/$agentId', params: { agentId: data.id } }),
  })
  const add = (event: FormEvent) => {
    event.preventDefault()
    create.mutate()
  }
  return (
    <form onSubmit={add} className="flex flex-col gap-4">
      <TextField label={say('name')} told="name" required value={name} onChange={(event) => setName(event.target.value)} />
      <TextArea
        label={say('instructions')}
        told="instructions"
        hint={say('instructionsHint')}
        required
        rows={6}
        value={instructions}
        onChange={(event) => setInstructions(event.target.value)}
      />
      {create.isError && <Refused error={create.error} />}
      <Button type="submit" kind="primary" busy={create.isPending}>
        {common('save')}
      </Button>
    </form>
  )
}
