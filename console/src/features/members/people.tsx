import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { listRolesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeMember, listMembers, removeMember, restoreMember, suspendMember } from '@/api/generated/sdk.gen'
import type { MemberOut } from '@/api/generated/types.gen'
import { useRoleName } from '@/i18n/roles'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField } from '@/ui/field'
import { Badge } from '@/ui/page'
import { Empty } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { useTell } from '@/ui/toast'
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
  const rows = useRows(['members', hospitalId], async (cursor) => {
    const { data } = await listMembers({ path: { hospital_id: hospitalId }, query: { cursor }, throwOnError: true })
    return data
  })
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
    ...settled,
  })
  const remove = useMutation({
    mutationFn: (one: MemberOut) => removeMember({ path: at(one), throwOnError: true }),
    onSuccess: () => tell(say('removed')),
    ...settled,
  })
  const columns: Column<MemberOut>[] = [
    {
      name: say('name'),
      cell: (row) => (
        <span>
          <span className="font-medium">{nameOf(row)}</span>
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
            <Button size="small" onClick={() => turn.mutate(row)}>
              {say(row.status === 'suspended' ? 'restore' : 'suspend')}
            </Button>
            <Button size="small" kind="quiet" onClick={() => remove.mutate(row)}>
              {say('remove')}
            </Button>
          </span>
        ),
    },
  ]
  return <Table caption={say('members')} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say('none')} />} />
}
