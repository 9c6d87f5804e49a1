// A new organization, with the person who will run it.
import { useMutation } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { createOrganization } from '@/api/generated/sdk.gen'
import type { OrganizationIn } from '@/api/generated/types.gen'
import { LANGUAGES } from '@/i18n'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { KINDS, useOrganizationWords } from './words'
import { ZoneField } from './zone-field'

type Given = { kind: NonNullable<OrganizationIn['kind']> } & Record<
  'name' | 'slug' | 'email' | 'contact_name' | 'time_zone' | 'admin_email' | 'admin_given' | 'admin_family' | 'admin_language',
  string
>

export function Found({ onDone }: { onDone: () => void }) {
  const say = useOrganizationWords()
  const { register, handleSubmit } = useForm<Given>({ defaultValues: { kind: 'hospital', time_zone: 'Asia/Kolkata', admin_language: 'en' } })
  const found = useMutation({
    mutationFn: ({ admin_email, admin_given, admin_family, admin_language, ...given }: Given) =>
      createOrganization({
        body: {
          ...given,
          admin: { email: admin_email, given_name: admin_given, family_name: admin_family, language: admin_language },
        },
        throwOnError: true,
      }),
    onSuccess: onDone,
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => found.mutate(given))(event)} className="flex flex-col gap-4">
      <TextField label={say('name')} required maxLength={200} {...register('name')} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('slug')} hint={say('slugHint')} required pattern="[a-z0-9][a-z0-9\-]+" {...register('slug')} />
        <SelectField label={say('kind')} options={KINDS.map((one) => ({ value: one, label: say(`kind_${one}`) }))} {...register('kind')} />
        <TextField label={say('email')} type="email" required {...register('email')} />
        <TextField label={say('contact')} required maxLength={200} {...register('contact_name')} />
      </div>
      <ZoneField {...register('time_zone')} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('adminEmail')} type="email" required told="admin.email" {...register('admin_email')} />
        <SelectField
          label={say('adminLanguage')}
          options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          {...register('admin_language')}
        />
        <TextField label={say('adminGiven')} required maxLength={100} told="admin.given_name" {...register('admin_given')} />
        <TextField label={say('adminFamily')} required maxLength={100} told="admin.family_name" {...register('admin_family')} />
      </div>
      {found.isError && <Refused error={found.error} />}
      <Button type="submit" kind="primary" busy={found.isPending}>
        {say('add')}
      </Button>
    </form>
  )
}
