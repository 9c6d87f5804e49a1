import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { listInvitationsOptions, listRolesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { inviteMember, revokeInvitation } from '@/api/generated/sdk.gen'
import { useLanguage } from '@/i18n'
import { useRoleName } from '@/i18n/roles'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Empty, Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useMemberWords } from './words'

export function Invitations({ hospitalId }: { hospitalId: string }) {
  const say = useMemberWords()
  const roleName = useRoleName()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const [inviting, setInviting] = useState(false)
  const options = listInvitationsOptions({ path: { hospital_id: hospitalId }, query: { limit: 100 } })
  const query = useQuery(options)
  const again = () => cache.invalidateQueries({ queryKey: options.queryKey })
  const revoke = useMutation({
    mutationFn: (id: string) =>
      revokeInvitation({ path: { hospital_id: hospitalId, invitation_id: id }, throwOnError: true }),
    onError: tell.refusal,
    onSettled: again,
  })
  return (
    <Panel
      title={say('invitations')}
      actions={
        <Button aria-haspopup="dialog" kind="primary" onClick={() => setInviting(true)}>
          {say('invite')}
        </Button>
      }
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('invitationsNone')} />
          ) : (
            <ul className="divide-y divide-line text-sm">
              {items.map((one) => (
                <li key={one.id} className="flex flex-wrap items-center justify-between gap-2 py-3">
                  <span>
                    {one.given_name} {one.family_name} · {one.email} · {roleName(one.role)}
                  </span>
                  <span className="flex items-center gap-2 text-soft">
                    {say('until', { when: time.date(one.expires_at) })}
                    <Button size="small" onClick={() => revoke.mutate(one.id)}>
                      {say('remove')}
                    </Button>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <Dialog open={inviting} title={say('invite')} onClose={() => setInviting(false)}>
        <Invite
          hospitalId={hospitalId}
          onDone={() => {
            setInviting(false)
            void again()
          }}
        />
      </Dialog>
    </Panel>
  )
}

function Invite({ hospitalId, onDone }: { hospitalId: string; onDone: () => void }) {
  const say = useMemberWords()
  const roleName = useRoleName()
  const tell = useTell()
  const language = useLanguage()
  const roles = useQuery(listRolesOptions({ path: { hospital_id: hospitalId } }))
  const { register, handleSubmit } = useForm({ defaultValues: { email: '', given_name: '', family_name: '', role_id: '' } })
  const invite = useMutation({
    mutationFn: (given: { email: string; given_name: string; family_name: string; role_id: string }) =>
      inviteMember({ path: { hospital_id: hospitalId }, body: { ...given, language }, throwOnError: true }),
    onSuccess: () => {
      tell(say('invited'))
      onDone()
    },
  })
  return (
    <Loaded query={roles}>
      {({ items }) => (
        <form onSubmit={(event) => void handleSubmit((given) => invite.mutate(given))(event)} className="flex flex-col gap-4">
          <TextField label={say('email')} type="email" required {...register('email')} />
          <TextField label={say('givenName')} required {...register('given_name')} />
          <TextField label={say('familyName')} required {...register('family_name')} />
          <SelectField label={say('role')} options={items.map(({ id, name }) => ({ value: id, label: roleName(name) }))} {...register('role_id')} />
          {invite.isError && <Refused error={invite.error} />}
          <Button type="submit" kind="primary" busy={invite.isPending}>
            {say('invite')}
          </Button>
        </form>
      )}
    </Loaded>
  )
}
