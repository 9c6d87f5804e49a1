import { useMutation } from '@tanstack/react-query'
import { asProblem } from '@/api/client'
import { deleteProviderAccount } from '@/api/generated/sdk.gen'
import type { AccountOut } from '@/api/generated/types.gen'
import { Confirm } from '@/ui/confirm'
import { useProviderWords } from './words'

export function RemoveAccount({ account, onDone, onClose }: { account: AccountOut; onDone: () => void; onClose: () => void }) {
  const say = useProviderWords()
  const remove = useMutation({
    mutationFn: () => deleteProviderAccount({ path: { provider_account_id: account.id }, throwOnError: true }),
    onSuccess: onDone,
  })
  const places = remove.isError ? String(asProblem(remove.error).context.places ?? '') : ''
  return (
    <Confirm
      open
      title={say('removeNamed', { name: account.name })}
      action={say('remove')}
      busy={remove.isPending}
      error={remove.error}
      onDone={() => remove.mutate()}
      onClose={onClose}
    >
      <p>{say('removeWhat')}</p>
      <p className="text-soft">{say('removeAlso')}</p>
      {places && <p>{say('inUse', { places: places.replace(/^order(?=,|$)/, say('inUse_order')) })}</p>}
    </Confirm>
  )
}
