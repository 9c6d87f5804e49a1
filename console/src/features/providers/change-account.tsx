import { useMutation } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { changeProviderAccount } from '@/api/generated/sdk.gen'
import type { AccountChangeWritable, AccountOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { CheckField, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useCommonWords } from '@/ui/words'
import { useListWords } from './lists-words'
import { useProviderWords } from './words'

interface Given {
  key: string
  url: string
  enabled: boolean
}

/** Only what was changed is sent: an account is tried anew where its key or address is. */
export function ChangeAccount({ account, onDone }: { account: AccountOut; onDone: () => void }) {
  const say = useProviderWords()
  const list = useListWords()
  const common = useCommonWords()
  const { register, handleSubmit } = useForm<Given>({
    defaultValues: { key: '', url: account.url ?? '', enabled: account.enabled },
  })
  const change = useMutation({
    mutationFn: (given: Given) =>
      changeProviderAccount({
        path: { provider_account_id: account.id },
        body: changeOf(account, given),
        throwOnError: true,
      }),
    onSuccess: onDone,
  })
  return (
    <form
      autoComplete="off"
      onSubmit={(event) => void handleSubmit((given) => change.mutate(given))(event)}
      className="flex flex-col gap-4"
    >
      <TextField label={say('key')} hint={list('keyKept')} type="password" autoComplete="off" {...register('key')} />
      <TextField label={say('address')} hint={say('addressHint')} type="url" {...register('url')} />
      <CheckField label={list('enabled')} hint={list('enabledHint')} {...register('enabled')} />
      {change.isError && <Refused error={change.error} />}
      <Button type="submit" kind="primary" busy={change.isPending}>
        {common('save')}
      </Button>
    </form>
  )
}

function changeOf(account: AccountOut, given: Given): AccountChangeWritable {
  return {
    ...(given.key ? { key: given.key } : {}),
    ...(given.url === (account.url ?? '') ? {} : { url: given.url || null }),
    ...(given.enabled === account.enabled ? {} : { enabled: given.enabled }),
  }
}
