import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { getProfileOptions } from '@/api/generated/@tanstack/react-query.gen'
import { saveProfile } from '@/api/generated/sdk.gen'
import type { ProfileOut } from '@/api/generated/types.gen'
import { SPOKEN } from '@/features/room/languages'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { useAccountWords } from './words'

const GENDERS = ['unknown', 'female', 'male', 'other'] as const

/** Names and language are seen by colleagues; the rest is sealed, for the member alone. */
export function ProfilePanel() {
  const say = useAccountWords()
  const query = useQuery(getProfileOptions())
  return (
    <Panel title={say('profile')}>
      <Loaded query={query} lines={5}>
        {(profile) => <Form profile={profile} />}
      </Loaded>
    </Panel>
  )
}

type Given = Record<'given_name' | 'family_name' | 'language' | 'birth_date' | 'phone' | 'address', string> & { gender: (typeof GENDERS)[number] }

function Form({ profile }: { profile: ProfileOut }) {
  const say = useAccountWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const { reread } = useSession()
  const { register, handleSubmit, reset, formState } = useForm<Given>({
    defaultValues: {
      given_name: profile.given_name,
      family_name: profile.family_name,
      language: profile.language,
      gender: profile.gender,
      birth_date: profile.birth_date ?? '',
      phone: profile.phone ?? '',
      address: profile.address ?? '',
    },
  })
  useUnsaved(formState.isDirty)
  const save = useMutation({
    mutationFn: (given: Given) =>
      saveProfile({
        body: {
          ...given,
          birth_date: given.birth_date || null,
          phone: given.phone.trim() || null,
          address: given.address.trim() || null,
        },
        throwOnError: true,
      }),
    onSuccess: async ({ data }, given) => {
      reset(given, { keepValues: true })
      cache.setQueryData(getProfileOptions().queryKey, data)
      tell(common('saved'))
      await reread()
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => save.mutate(given))(event)} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <TextField label={say('givenName')} autoComplete="given-name" required maxLength={100} {...register('given_name')} />
        <TextField label={say('familyName')} autoComplete="family-name" required maxLength={100} {...register('family_name')} />
        <SelectField label={say('language')} hint={say('languageHint')} options={SPOKEN} {...register('language')} />
      </div>
      <p className="text-sm text-soft">{say('sealedHint')}</p>
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        <TextField label={say('birthDate')} type="date" autoComplete="bday" max={new Date().toISOString().slice(0, 10)} {...register('birth_date')} />
        <SelectField label={say('gender')} options={GENDERS.map((value) => ({ value, label: say(`gender_${value}`) }))} {...register('gender')} />
        <TextField label={say('phone')} type="tel" autoComplete="tel" pattern="\+?[0-9 \(\)\-]{6,20}" maxLength={21} {...register('phone')} />
      </div>
      <TextField label={say('address')} autoComplete="street-address" maxLength={300} {...register('address')} />
      {save.isError && <Refused error={save.error} />}
      <Button type="submit" busy={save.isPending} className="self-start">
        {common('save')}
      </Button>
    </form>
  )
}
