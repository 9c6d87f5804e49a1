import { useMutation, useQuery } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { listProviderVendorsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { createProviderAccount } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useProviderWords } from './words'

const MODELS = ['llm', 'stt', 'tts', 'embedding'] as const
type Given = { name: string; vendor: string; url: string; key: string } & Record<(typeof MODELS)[number], string>

export function AddAccount({ onDone }: { onDone: () => void }) {
  const say = useProviderWords()
  const vendors = useQuery(listProviderVendorsOptions())
  const { register, handleSubmit } = useForm<Given>()
  const add = useMutation({
    mutationFn: (given: Given) => {
      const models = Object.fromEntries(MODELS.flatMap((one) => (given[one] ? [[one, given[one]]] : [])))
      const { name, vendor } = given
      return createProviderAccount({
        body: { name, vendor, url: given.url || null, key: given.key || null, models },
        throwOnError: true,
      })
    },
    onSuccess: onDone,
  })
  return (
    <Loaded query={vendors}>
      {(all) => (
        <form
          autoComplete="off"
          onSubmit={(event) => void handleSubmit((given) => add.mutate(given))(event)}
          className="flex flex-col gap-4"
        >
          <SelectField
            label={say('vendor')}
            options={all.map((one) => ({ value: one.name, label: one.name.replaceAll('_', ' ') }))}
            {...register('vendor')}
          />
          <TextField label={say('name')} required {...register('name')} />
          <TextField label={say('key')} hint={say('keyHint')} type="password" autoComplete="off" {...register('key')} />
          <TextField label={say('address')} hint={say('addressHint')} type="url" {...register('url')} />
          <div className="grid gap-4 sm:grid-cols-2">
            {MODELS.map((one) => (
              <TextField key={one} label={say(`model_${one}`)} placeholder={say('modelHint')} {...register(one)} />
            ))}
          </div>
          {add.isError && <Refused error={add.error} />}
          <Button type="submit" kind="primary" busy={add.isPending}>
            {say('add')}
          </Button>
        </form>
      )}
    </Loaded>
  )
}
