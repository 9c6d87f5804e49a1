import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { listInvitationsOptions, listRolesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { inviteMember, resendInvitation, revokeInvitation } from '@/api/generated/sdk.gen'
import type { InvitationOut } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useRoleName } from '@/i18n/roles'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
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
  const [going, setGoing] = useState<InvitationOut | null>(null)
  const at = (id: string) => ({ hospital_id: hospitalId, invitation_id: id })
  const resend = useMutation({
    mutationFn: (one: InvitationOut) => resendInvitation({ path: at(one.id), throwOnError: true }),
    onSuccess: (_, one) => tell(say('resent', { email: one.email })),
    onError: tell.refusal,
    onSettled: again,
  })
  const revoke = useMutation({
    mutationFn: (one: InvitationOut) => revokeInvitation({ path: at(one.id), throwOnError: true }),
    onSuccess: () => {
      tell(say('withdrawn'))
      setGoing(null)
    },
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
                <li key={one.id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
                  <span className="min-w-0 break-words">
                    <span className="font-medium">
                      {one.given_name} {one.family_name}
                    </span>
                    <span className="block text-soft">{`${one.email} · ${roleName(one.role)}`}</span>
                    <span className="block text-soft">
                      {one.sent_at ? say('sent', { when: time.moment(one.sent_at) }) : say('unsent')} · {say('until', { when: time.date(one.expires_at) })}
                    </span>
                  </span>
                  <span className="flex flex-wrap gap-2">
                    <Button
                      size="small"
                      busy={resend.isPending && resend.variables.id === one.id}
                      aria-label={`${say('resend')}: ${one.email}`}
                      onClick={() => resend.mutate(one)}
                    >
                      {say('resend')}
                    </Button>
                    <Button size="small" kind="quiet" aria-haspopup="dialog" aria-label={`${say('withdraw')}: ${one.email}`} onClick={() => setGoing(one)}>
                      {say('withdraw')}
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
      <Confirm
        open={going !== null}
        title={say('withdrawTitle', { email: going?.email ?? '' })}
        action={say('withdraw')}
        busy={revoke.isPending}
        error={revoke.error}
        onDone={() => going && revoke.mutate(going)}
        onClose={() => {
          setGoing(null)
          revoke.reset()
        }}
      >
        <p>{say('withdrawHint')}</p>
      </Confirm>
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
          <TextField label={say('givenName')} required maxLength={100} {...register('given_name')} />
          <TextField label={say('familyName')} required maxLength={100} {...register('family_name')} />
          <SelectField
            label={say('role')}
            required
            options={[{ value: '', label: say('chooseRole') }, ...items.map(({ id, name }) => ({ value: id, label: roleName(name) }))]}
            {...register('role_id')}
          />
          {invite.isError && <Refused error={invite.error} />}
          <Button type="submit" kind="primary" busy={invite.isPending}>
            {say('invite')}
          </Button>
        </form>
      )}
    </Loaded>
  )
}
