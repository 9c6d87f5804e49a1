import { useMutation, useQuery } from '@tanstack/react-query'
import { useForm, type UseFormRegister } from 'react-hook-form'
import { listProviderVendorsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { createProviderAccount } from '@/api/generated/sdk.gen'
import type { VendorOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { modelsOf, ofVendor, optionsOf, type OfVendor } from './account-given'
import { VendorFields } from './vendor-fields'
import { useProviderWords } from './words'

interface Given extends OfVendor {
  name: string
  vendor: string
  url: string
  key: string
}

export function AddAccount({ onDone }: { onDone: () => void }) {
  const vendors = useQuery(listProviderVendorsOptions())
  return <Loaded query={vendors}>{(all) => <Form vendors={all} onDone={onDone} />}</Loaded>
}

function Form({ vendors, onDone }: { vendors: VendorOut[]; onDone: () => void }) {
  const say = useProviderWords()
  const { register, handleSubmit, watch, reset, getValues } = useForm<Given>({ defaultValues: fresh(vendors[0]) })
  const vendor = vendors.find(({ name }) => name === watch('vendor')) ?? vendors[0]
  const add = useMutation({
    mutationFn: ({ name, url, key, ...given }: Given) => {
      const of = vendors.find((one) => one.name === given.vendor)
      const body = { name, vendor: given.vendor, url: url || null, key: key || null }
      return createProviderAccount({
        body: of ? { ...body, models: modelsOf(of, given), options: optionsOf(of, given) } : body,
        throwOnError: true,
      })
    },
    onSuccess: onDone,
  })
  const { onChange: _, ...choice } = register('vendor')
  return (
    <form
      autoComplete="off"
      onSubmit={(event) => void handleSubmit((given) => add.mutate(given))(event)}
      className="flex flex-col gap-4"
    >
      <SelectField
        label={say('vendor')}
        options={vendors.map((one) => ({ value: one.name, label: one.name.replaceAll('_', ' ') }))}
        {...choice}
        onChange={(event) => {
          const { name, url, key } = getValues()
          reset({ ...fresh(vendors.find((one) => one.name === event.target.value)), name, url, key })
        }}
      />
      <TextField label={say('name')} hint={say('nameHint')} required maxLength={40} pattern="[a-z0-9_\-]+" {...register('name')} />
      <TextField label={say('key')} hint={say('keyHint')} type="password" autoComplete="off" {...register('key')} />
      <TextField
        label={say('address')}
        hint={say(vendor?.url ? 'addressHint' : 'addressNeeded')}
        required={vendor?.url === null}
        type="url"
        {...register('url')}
      />
      {vendor && <VendorFields key={vendor.name} vendor={vendor} register={register as unknown as UseFormRegister<OfVendor>} />}
      {add.isError && <Refused error={add.error} />}
      <Button type="submit" kind="primary" busy={add.isPending}>
        {say('add')}
      </Button>
    </form>
  )
}

function fresh(vendor: VendorOut | undefined): Given {
  const own = vendor ? ofVendor(vendor) : { models: {}, does: {}, options: {} }
  return { name: '', vendor: vendor?.name ?? '', url: '', key: '', ...own }
}
