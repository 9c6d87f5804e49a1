import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { getMemberOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeMember } from '@/api/generated/sdk.gen'
import type { MemberOut } from '@/api/generated/types.gen'
import { useLanguageName } from '@/i18n/language-names'
import { useRoleName } from '@/i18n/roles'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Badge } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useMemberWords } from './words'

/** One member, read anew: who they are here, and their name to correct. */
export function Member({ hospitalId, id, onDone }: { hospitalId: string; id: string; onDone: () => void }) {
  const query = useQuery({ ...getMemberOptions({ path: { hospital_id: hospitalId, member_id: id } }), staleTime: 0 })
  return (
    <Loaded query={query} lines={5}>
      {(member) => (
        <div className="flex flex-col gap-4">
          <Facts member={member} />
          {member.status !== 'removed' && <Name hospitalId={hospitalId} member={member} onDone={onDone} />}
        </div>
      )}
    </Loaded>
  )
}

function Facts({ member }: { member: MemberOut }) {
  const say = useMemberWords()
  const languageOf = useLanguageName()
  const roleName = useRoleName()
  const time = useTime()
  const facts = [
    [say('email'), member.email],
    [say('role'), roleName(member.role)],
    [say('language'), languageOf(member.language)],
    [say('since'), time.date(member.created_at)],
  ]
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-soft">{name}</dt>
          <dd className="min-w-0 break-words">{value}</dd>
        </div>
      ))}
      <dt className="text-soft">{say('status')}</dt>
      <dd>
        <Badge tone={member.status === 'active' ? 'good' : 'warn'}>{say(`status_${member.status}`)}</Badge>
      </dd>
    </dl>
  )
}

function Name({ hospitalId, member, onDone }: { hospitalId: string; member: MemberOut; onDone: () => void }) {
  const say = useMemberWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const me = useMe()
  const { reread } = useSession()
  const path = { hospital_id: hospitalId, member_id: member.id }
  const { register, handleSubmit } = useForm({ defaultValues: { given_name: member.given_name, family_name: member.family_name } })
  const save = useMutation({
    mutationFn: (body: { given_name: string; family_name: string }) => changeMember({ path, body, throwOnError: true }),
    onSuccess: ({ data }) => {
      cache.setQueryData(getMemberOptions({ path }).queryKey, data)
      void cache.invalidateQueries({ queryKey: ['members', hospitalId] })
      if (data.id === me.member_id) void reread()
      tell(common('saved'))
      onDone()
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => save.mutate(given))(event)} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('givenName')} required maxLength={100} {...register('given_name')} />
        <TextField label={say('familyName')} required maxLength={100} {...register('family_name')} />
      </div>
      {save.isError && <Refused error={save.error} />}
      <Button type="submit" busy={save.isPending} className="self-end">
        {common('save')}
      </Button>
    </form>
  )
}
