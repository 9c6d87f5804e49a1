import { ChevronRight } from 'lucide-react'
import type { UseFormRegister } from 'react-hook-form'
import type { VendorOut } from '@/api/generated/types.gen'
import { useCapabilityName } from '@/i18n/names'
import { CheckField, TextField } from '@/ui/field'
import { kindsOf, type OfVendor } from './account-given'
import { useProviderWords } from './words'

/** What an account does, with which models, and what only its vendor knows. The meaning of an option is the API's, in English. */
export function VendorFields({ vendor, register }: { vendor: VendorOut; register: UseFormRegister<OfVendor> }) {
  const say = useProviderWords()
  const kind = useCapabilityName()
  const options = Object.entries(vendor.options)
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        {kindsOf(vendor).map((one) => (
          <div key={one} className="flex flex-col gap-2">
            <CheckField label={kind(one)} {...register(`does.${one}`)} />
            <TextField
              label={say('modelOf', { kind: kind(one) })}
              hint={vendor.models[one] ? say('modelUsual', { model: vendor.models[one] }) : say('modelNone')}
              maxLength={120}
              {...register(`models.${one}`)}
            />
          </div>
        ))}
      </div>
      {options.length > 0 && (
        <details className="group">
          <summary className="flex min-h-11 cursor-pointer items-center gap-2 rounded-lg text-sm font-medium text-brand">
            <ChevronRight aria-hidden className="size-4 shrink-0 group-open:rotate-90" />
            {say('options')}
          </summary>
          <div className="flex flex-col gap-4 pt-2">
            {options.map(([name, meaning]) => (
              <TextField
                key={name}
                label={name.replaceAll('_', ' ')}
                hint={<span lang="en">{meaning}</span>}
                maxLength={300}
                {...register(`options.${name}`)}
              />
            ))}
          </div>
        </details>
      )}
    </>
  )
}
