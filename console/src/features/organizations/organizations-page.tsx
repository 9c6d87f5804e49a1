// The platform's own page: who works here, and how the installation is.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { listOrganizations } from '@/api/generated/sdk.gen'
import type { OrganizationOut, OrganizationStatus } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Badge, Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { Found } from './found'
import { Installation } from './installation'
import { STATES, TONES, useOrganizationWords } from './words'

const TABS = ['organizations', 'installation'] as const

export function OrganizationsPage() {
  const say = useOrganizationWords()
  const tell = useTell()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [adding, setAdding] = useState(false)
  const present = useTab(TABS)
  return (
    <Page
      title={say('title')}
      actions={
        <Button aria-haspopup="dialog" kind="primary" onClick={() => setAdding(true)}>
          {say('add')}
        </Button>
      }
    >
      <Tabs
        label={say('title')}
        value={present}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/organizations', search: { tab: next } })}
      >
        {present === 'organizations' ? <All /> : <Installation />}
      </Tabs>
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <Found
          onDone={() => {
            setAdding(false)
            tell(say('added'))
            void cache.invalidateQueries({ queryKey: ['organizations'] })
          }}
        />
      </Dialog>
    </Page>
  )
}

function All() {
  const say = useOrganizationWords()
  const time = useTime()
  const navigate = useNavigate()
  const { status } = useSearch({ strict: false }) as { status?: string }
  const wanted = STATES.find((one) => one === status) as OrganizationStatus | undefined
  const order = useOrder(['name', 'slug', 'created_at'], '-created_at')
  const rows = useRows(
    ['organizations', wanted, order.sort],
    async (cursor) => (await listOrganizations({ query: { cursor, status: wanted, sort: order.sort }, throwOnError: true })).data,
  )
  const columns: Column<OrganizationOut>[] = [
    { name: say('name'), cell: (row) => row.name, sort: 'name' },
    { name: say('slug'), cell: (row) => <code>{row.slug}</code>, sort: 'slug' },
    { name: say('kind'), cell: (row) => say(`kind_${row.kind}` as 'kind_clinic') },
    { name: say('contact'), cell: (row) => `${row.contact_name}, ${row.email}` },
    { name: say('zone'), cell: (row) => row.time_zone },
    { name: say('founded'), cell: (row) => time.date(row.created_at), sort: 'created_at' },
    { name: say('status'), cell: (row) => <Badge tone={TONES[row.status]}>{say(`status_${row.status}`)}</Badge> },
  ]
  return (
    <div className="flex flex-col gap-4">
      <div className="max-w-56">
        <SelectField
          label={say('status')}
          value={wanted ?? ''}
          onChange={(event) => void navigate({ to: '/organizations', search: ((before: object) => ({ ...before, status: event.target.value || undefined })) as never, replace: true })}
          options={[{ value: '', label: say('all') }, ...STATES.map((one) => ({ value: one, label: say(`status_${one}`) }))]}
        />
      </div>
      <Table
        order={order}
        caption={say('title')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({ to: '/organizations/$organizationId', params: { organizationId: row.id } })}
        empty={<Empty title={say(wanted ? 'noneInState' : 'none')} />}
      />
    </div>
  )
}
