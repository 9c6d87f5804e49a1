import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { listRolesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeMember, listMembers, removeMember, restoreMember, suspendMember } from '@/api/generated/sdk.gen'
import type { MemberOut } from '@/api/generated/types.gen'
import { useRoleName } from '@/i18n/roles'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Badge } from '@/ui/page'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTell } from '@/ui/toast'
import { Member } from './member'
import { PeopleFilters, wantedOf, type PeopleWanted } from './people-filters'
import { useMemberWords } from './words'

const nameOf = (one: MemberOut) => [one.given_name, one.family_name].filter(Boolean).join(' ') || one.email

export function People({ hospitalId }: { hospitalId: string }) {
  const say = useMemberWords()
  const roleName = useRoleName()
  const me = useMe()
  const { reread } = useSession()
  const tell = useTell()
  const cache = useQueryClient()
  const roles = useQuery(listRolesOptions({ path: { hospital_id: hospitalId } }))
  const navigate = useNavigate()
  const [name, setName] = useState<string>()
  const wanted = { ...wantedOf(useSearch({ strict: false })), name }
  const setWanted = ({ name: sought, ...kept }: PeopleWanted) => {
    setName(sought)
    void navigate({ to: '.', search: (before: object) => ({ ...before, ...kept }), replace: true } as never)
  }
  const [shown, setShown] = useState<string | null>(null)
  const [going, setGoing] = useState<MemberOut | null>(null)
  const order = useOrder(['name', 'created_at'], '-created_at')
  const rows = useRows(['members', hospitalId, wanted, order.sort], async (cursor) => {
    const { data } = await listMembers({ path: { hospital_id: hospitalId }, query: { ...wanted, cursor, sort: order.sort }, throwOnError: true })
    return data
  })
  const sought = Object.values(wanted).some(Boolean)
  const settled = { onError: tell.refusal, onSettled: () => cache.invalidateQueries({ queryKey: ['members', hospitalId] }) }
  const at = (one: MemberOut) => ({ hospital_id: hospitalId, member_id: one.id })
  const change = useMutation({
    mutationFn: ({ one, roleId }: { one: MemberOut; roleId: string }) =>
      changeMember({ path: at(one), body: { role_id: roleId }, throwOnError: true }),
    onSuccess: ({ data }) => {
      tell(say('changedRole', { name: nameOf(data), role: roleName(data.role) }))
      if (data.id === me.member_id) void reread()
    },
    ...settled,
  })
  const turn = useMutation({
    mutationFn: (one: MemberOut) =>
      (one.status === 'suspended' ? restoreMember : suspendMember)({ path: at(one), throwOnError: true }),
    onSuccess: ({ data }) => tell(say(data.status === 'suspended' ? 'suspended' : 'restored', { name: nameOf(data) }), () => turn.mutate(data)),
    ...settled,
  })
  const remove = useMutation({
    mutationFn: (one: MemberOut) => removeMember({ path: at(one), throwOnError: true }),
    onSuccess: () => {
      tell(say('removed'))
      setGoing(null)
    },
    onSettled: settled.onSettled,
  })
  const columns: Column<MemberOut>[] = [
    {
      name: say('name'),
      sort: 'name',
      cell: (row) => (
        <span>
          <button
            type="button"
            aria-haspopup="dialog"
            onClick={() => setShown(row.id)}
            className="min-h-11 text-left font-medium text-brand underline-offset-4 hover:underline sm:min-h-6"
          >
            {nameOf(row)}
          </button>
          <span className="block text-xs text-soft">{row.email}</span>
        </span>
      ),
    },
    {
      name: say('role'),
      cell: (row) => (
        <SelectField
          unlabelled
          label={`${say('role')}: ${nameOf(row)}`}
          value={row.role_id}
          disabled={row.id === me.member_id || row.status === 'removed'}
          onChange={(event) => change.mutate({ one: row, roleId: event.target.value })}
          options={(roles.data?.items ?? [{ id: row.role_id, name: row.role }]).map(({ id, name }) => ({ value: id, label: roleName(name) }))}
        />
      ),
    },
    {
      name: say('status'),
      cell: (row) => <Badge tone={row.status === 'active' ? 'good' : 'warn'}>{say(`status_${row.status}`)}</Badge>,
    },
    {
      name: '',
      cell: (row) =>
        row.id !== me.member_id &&
        row.status !== 'removed' && (
          <span className="flex flex-wrap gap-2">
            <Button size="small" busy={turn.isPending && turn.variables.id === row.id} onClick={() => turn.mutate(row)}>
              {say(row.status === 'suspended' ? 'restore' : 'suspend')}
            </Button>
            <Button size="small" kind="quiet" aria-haspopup="dialog" onClick={() => setGoing(row)}>
              {say('remove')}
            </Button>
          </span>
        ),
    },
  ]
  return (
    <div className="flex flex-col gap-4">
      <PeopleFilters wanted={wanted} roles={roles.data?.items ?? []} onChange={setWanted} />
      <Table order={order} caption={say('members')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={sought ? <Empty title={say('noneFound')}>{say('noneFoundHint')}</Empty> : <Empty title={say('none')} />} />
      <Dialog open={shown !== null} title={say('member')} onClose={() => setShown(null)}>
        {shown && <Member hospitalId={hospitalId} id={shown} onDone={() => setShown(null)} />}
      </Dialog>
      <Confirm
        open={going !== null}
        title={say('removeTitle', { name: going ? nameOf(going) : '' })}
        action={say('remove')}
        busy={remove.isPending}
        error={remove.error}
        onDone={() => going && remove.mutate(going)}
        onClose={() => {
          setGoing(null)
          remove.reset()
        }}
      >
        <p>{say('removeHint')}</p>
      </Confirm>
    </div>
  )
}
