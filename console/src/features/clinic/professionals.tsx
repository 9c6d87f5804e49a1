import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { listMembersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeProfessional, listProfessionals } from '@/api/generated/sdk.gen'
import type { ProfessionalOut } from '@/api/generated/types.gen'
import { useRoleName } from '@/i18n/roles'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Badge } from '@/ui/page'
import { Empty, Loaded, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useClinicWords } from './words'

export const nameOf = (one: { given_name: string; family_name: string }) => [one.given_name, one.family_name].filter(Boolean).join(' ')

export function Professionals() {
  const say = useClinicWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const [adding, setAdding] = useState(false)
  const order = useOrder(['name', 'department', 'specialty'], 'name')
  const rows = useRows(['professionals', order.sort], async (cursor) => {
    const { data } = await listProfessionals({ query: { scope: 'organization', cursor, sort: order.sort, limit: 50 }, throwOnError: true })
    return data
  })
  const columns: Column<ProfessionalOut>[] = [
    { name: say('name'), cell: nameOf, sort: 'name' },
    { name: say('department'), cell: (row) => row.department ?? '–', sort: 'department' },
    { name: say('specialty'), cell: (row) => row.specialty ?? '–', sort: 'specialty' },
    { name: say('employeeNumber'), cell: (row) => row.employee_number ?? '–' },
    { name: say('booking'), cell: (row) => <Badge tone={row.bookable ? 'good' : 'neutral'}>{say(row.bookable ? 'bookable' : 'notBookable')}</Badge> },
  ]
  const open = (who: string) => void navigate({ to: '/clinic', search: { tab: 'professionals', who } })
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-sm text-soft">{say('hint_professionals')}</p>
        {may('members:read') && <Button aria-haspopup="dialog" onClick={() => setAdding(true)}>{say('addProfessional')}</Button>}
      </div>
      <Table
        order={order}
        caption={say('professionals')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({ to: '/clinic', search: { tab: 'professionals', who: row.id } })}
        empty={<Empty title={say('professionalsNone')}>{say('professionalsNoneHint')}</Empty>}
      />
      <Dialog open={adding} title={say('addProfessional')} onClose={() => setAdding(false)}>
        <Adding known={rows.data?.pages.flatMap((page) => page.items.map((one) => one.id)) ?? []} onDone={open} />
      </Dialog>
    </div>
  )
}

/** A member of another role who sees patients, too: staff who fits hearing aids, an administrator who is a doctor. */
function Adding({ known, onDone }: { known: readonly string[]; onDone: (id: string) => void }) {
  const say = useClinicWords()
  const roleName = useRoleName()
  const cache = useQueryClient()
  const hospitalId = useMe().organization_id ?? ''
  const [chosen, setChosen] = useState('')
  const members = useQuery(listMembersOptions({ path: { hospital_id: hospitalId }, query: { status: 'active', limit: 200 } }))
  const add = useMutation({
    mutationFn: (id: string) => changeProfessional({ path: { professional_id: id }, body: { bookable: true }, throwOnError: true }),
    onSuccess: async ({ data }) => {
      await cache.invalidateQueries({ queryKey: ['professionals'] })
      onDone(data.id)
    },
  })
  return (
    <Loaded query={members}>
      {({ items }) => {
        const others = items.filter((one) => one.role !== 'patient' && !known.includes(one.id))
        const id = chosen || others[0]?.id
        if (!id) return <p className="text-sm">{say('membersNone')}</p>
        return (
          <div className="flex flex-col gap-4">
            <SelectField
              label={say('member')}
              hint={say('memberHint')}
              value={id}
              onChange={(event) => setChosen(event.target.value)}
              options={others.map((one) => ({ value: one.id, label: `${nameOf(one) || one.email} (${roleName(one.role)})` }))}
            />
            {add.isError && <Refused error={add.error} />}
            <Button kind="primary" busy={add.isPending} onClick={() => add.mutate(id)}>
              {say('addProfessional')}
            </Button>
          </div>
        )
      }}
    </Loaded>
  )
}
