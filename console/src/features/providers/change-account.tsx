import { useMutation, useQuery } from '@tanstack/react-query'
import { useForm, type UseFormRegister } from 'react-hook-form'
import { listProviderVendorsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeProviderAccount } from '@/api/generated/sdk.gen'
import type { AccountChangeWritable, AccountOut, VendorOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { CheckField, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useCommonWords } from '@/ui/words'
import { modelsOf, ofVendor, optionsOf, type OfVendor } from './account-given'
import { useListWords } from './lists-words'
import { VendorFields } from './vendor-fields'
import { useProviderWords } from './words'

interface Given extends OfVendor {
  key: string
  url: string
  enabled: boolean
}

interface Asked {
  account: AccountOut
  onDone: () => void
}

export function ChangeAccount({ account, onDone }: Asked) {
  const vendors = useQuery(listProviderVendorsOptions())
  return (
    <Loaded query={vendors}>
      {(all) => <Form account={account} vendor={all.find(({ name }) => name === account.vendor)} onDone={onDone} />}
    </Loaded>
  )
}

/** Only what was changed is sent: an account is tried anew where its key, address, models or options are. */
function Form({ account, vendor, onDone }: Asked & { vendor: VendorOut | undefined }) {
  const say = useProviderWords()
  const list = useListWords()
  const common = useCommonWords()
  const before = vendor ? ofVendor(vendor, account) : { models: {}, does: {}, options: {} }
  const { register, handleSubmit } = useForm<Given>({
    defaultValues: { key: '', url: account.url ?? '', enabled: account.enabled, ...before },
  })
  const change = useMutation({
    mutationFn: (given: Given) =>
      changeProviderAccount({
        path: { provider_account_id: account.id },
        body: { ...changeOf(account, given), ...(vendor ? changeOfVendor(vendor, before, given) : {}) },
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
      {vendor && <VendorFields vendor={vendor} register={register as unknown as UseFormRegister<OfVendor>} />}
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

function changeOfVendor(vendor: VendorOut, before: OfVendor, given: OfVendor): AccountChangeWritable {
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
  const [models, options] = [modelsOf(vendor, given), optionsOf(vendor, given)]
  return {
    ...(same(models, modelsOf(vendor, before)) ? {} : { models }),
    ...(same(options, optionsOf(vendor, before)) ? {} : { options }),
  }
}
