import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { changeOrganization, createOrganization, listOrganizations } from '@/api/generated/sdk.gen'
import type { OrganizationOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { TextField } from '@/ui/field'
import { Badge, Page } from '@/ui/page'
import { Empty, Refused } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useOrganizationWords } from './words'

export function OrganizationsPage() {
  const say = useOrganizationWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const [adding, setAdding] = useState(false)
  const again = () => cache.invalidateQueries({ queryKey: ['organizations'] })
  const rows = useRows(['organizations'], async (cursor) => (await listOrganizations({ query: { cursor }, throwOnError: true })).data)
  const turn = useMutation({
    mutationFn: (one: OrganizationOut) =>
      changeOrganization({
        path: { hospital_id: one.id },
        body: { status: one.status === 'active' ? 'suspended' : 'active' },
        throwOnError: true,
      }),
    onError: tell.refusal,
    onSettled: again,
  })
  const columns: Column<OrganizationOut>[] = [
    { name: say('name'), cell: (row) => row.name },
    { name: say('slug'), cell: (row) => <code>{row.slug}</code> },
    { name: say('contact'), cell: (row) => `${row.contact_name}, ${row.email}` },
    { name: say('zone'), cell: (row) => row.time_zone },
    { name: say('founded'), cell: (row) => time.date(row.created_at) },
    { name: say('status'), cell: (row) => <Badge tone={row.status === 'active' ? 'good' : 'warn'}>{say(`status_${row.status}`)}</Badge> },
    {
      name: '',
      cell: (row) =>
        row.status !== 'closed' && (
          <Button size="small" busy={turn.isPending && turn.variables.id === row.id} onClick={() => turn.mutate(row)}>
            {say(row.status === 'active' ? 'suspend' : 'restore')}
          </Button>
        ),
    },
  ]
  return (
    <Page
      title={say('title')}
      actions={
        <Button aria-haspopup="dialog" kind="primary" onClick={() => setAdding(true)}>
          {say('add')}
        </Button>
      }
    >
      <Table caption={say('title')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say('none')} />} />
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <Found
          onDone={() => {
            setAdding(false)
            tell(say('added'))
            void again()
          }}
        />
      </Dialog>
    </Page>
  )
}

type Given = Record<'name' | 'slug' | 'email' | 'contact_name' | 'time_zone' | 'admin_email' | 'admin_given' | 'admin_family', string>

function Found({ onDone }: { onDone: () => void }) {
  const say = useOrganizationWords()
  const { register, handleSubmit } = useForm<Given>({ defaultValues: { time_zone: 'Asia/Kolkata' } })
  const found = useMutation({
    mutationFn: ({ admin_email, admin_given, admin_family, ...given }: Given) =>
      createOrganization({
        body: {
          ...given,
          kind: 'hospital',
          admin: { email: admin_email, given_name: admin_given, family_name: admin_family },
        },
        throwOnError: true,
      }),
    onSuccess: onDone,
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => found.mutate(given))(event)} className="flex flex-col gap-4">
      <TextField label={say('name')} required {...register('name')} />
      <TextField label={say('slug')} hint={say('slugHint')} required pattern="[a-z0-9][a-z0-9\-]+" {...register('slug')} />
      <TextField label={say('email')} type="email" required {...register('email')} />
      <TextField label={say('contact')} required {...register('contact_name')} />
      <TextField label={say('zone')} required {...register('time_zone')} />
      <TextField label={say('adminEmail')} type="email" required {...register('admin_email')} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('adminGiven')} required {...register('admin_given')} />
        <TextField label={say('adminFamily')} required {...register('admin_family')} />
      </div>
      {found.isError && <Refused error={found.error} />}
      <Button type="submit" kind="primary" busy={found.isPending}>
        {say('add')}
      </Button>
    </form>
  )
}
