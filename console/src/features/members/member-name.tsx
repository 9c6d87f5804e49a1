import { useQuery } from '@tanstack/react-query'
import { getMemberOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useMe, useSession } from '@/session/session'

/** A member's name where a list tells only their id; nothing for a reader who may not see members. */
export function MemberName({ id }: { id: string }) {
  const me = useMe()
  const { may } = useSession()
  const { data } = useQuery({
    ...getMemberOptions({ path: { hospital_id: me.organization_id ?? '', member_id: id } }),
    enabled: me.organization_id !== null && may('members:read'),
    staleTime: 300_000,
    retry: false,
  })
  return <>{data ? [data.given_name, data.family_name].filter(Boolean).join(' ') || data.email : ''}</>
}
