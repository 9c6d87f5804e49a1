import { useMutation, useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { useForm } from 'react-hook-form'
import { listProvidersOptions } from '@/api/generated/@tanstack/react-query.gen'
import { createRate } from '@/api/generated/sdk.gen'
import type { RateIn } from '@/api/generated/types.gen'
import { useCapabilityName } from '@/i18n/names'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { today } from './days'
import { CHARGED, UNITS, useUsageWords } from './words'

type Given = { [K in 'provider' | 'model' | 'price' | 'output_price' | 'since' | 'source']: string } & {
  capability: RateIn['capability']
  unit: RateIn['unit']
  currency: 'USD' | 'INR'
}

export function NewRate({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const say = useUsageWords()
  const common = useCommonWords()
  const nameOf = useCapabilityName()
  const tell = useTell()
  const { register, handleSubmit, watch } = useForm<Given>({ defaultValues: { capability: 'llm', unit: '1m_tokens', currency: 'USD', since: today() } })
  const byToken = watch('unit') === '1m_tokens'
  const add = useMutation({
    mutationFn: (given: Given) =>
      createRate({
        body: { ...given, model: given.model.trim() || null, output_price: byToken && given.output_price ? given.output_price : null },
        throwOnError: true,
      }),
    onSuccess: () => {
      tell(say('rateIsSet'))
      onDone()
    },
  })
  const price = { type: 'number', inputMode: 'decimal', min: '0', max: '1000000', step: '0.000000001' } as const
  return (
    <form autoComplete="off" onSubmit={(event) => void handleSubmit((given) => add.mutate(given))(event)} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <ProviderName {...register('provider')} />
        <TextField label={say('model')} hint={say('modelHint')} maxLength={120} {...register('model')} />
        <SelectField label={say('capability')} options={CHARGED.map((one) => ({ value: one, label: nameOf(one) }))} {...register('capability')} />
        <SelectField label={say('unit')} options={UNITS.map((one) => ({ value: one, label: say(`unit_${one}`) }))} {...register('unit')} />
        <TextField label={say('price')} required {...price} {...register('price')} />
        {byToken && <TextField label={say('outputPrice')} hint={say('outputPriceHint')} {...price} {...register('output_price')} />}
        <SelectField
          label={say('currency')}
          options={[
            { value: 'USD', label: say('usd') },
            { value: 'INR', label: say('inr') },
          ]}
          {...register('currency')}
        />
        <TextField label={say('since')} hint={say('sinceHint')} type="date" required {...register('since')} />
      </div>
      <TextField label={say('source')} hint={say('sourceHint')} required maxLength={200} {...register('source')} />
      {add.isError && <Refused error={add.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          {say('newRate')}
        </Button>
      </div>
    </form>
  )
}

/** With the names that are in use here offered, where one may see them. */
function ProviderName(rest: ReturnType<ReturnType<typeof useForm<Given>>['register']>) {
  const say = useUsageWords()
  const { may } = useSession()
  const list = useId()
  const { data } = useQuery({ ...listProvidersOptions(), enabled: may('providers:read') })
  return (
    <>
      <TextField label={say('provider')} hint={say('rateProviderHint')} required pattern="[a-z0-9_\-]{1,40}" list={list} {...rest} />
      <datalist id={list}>
        {data?.providers.map((one) => (
          <option key={one.name} value={one.name} />
        ))}
      </datalist>
    </>
  )
}
