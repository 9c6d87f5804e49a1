// What an organization is called and how it is reached. Its name is the platform's to change; the rest its own people's too.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { getOrganizationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changeOrganization } from '@/api/generated/sdk.gen'
import type { OrganizationIn, OrganizationOut } from '@/api/generated/types.gen'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CheckField, SelectField, TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useUnsaved } from '@/ui/unsaved'
import { useCommonWords } from '@/ui/words'
import { KINDS, useOrganizationWords } from './words'
import { ZoneField } from './zone-field'

type Given = Pick<OrganizationOut, 'name' | 'slug' | 'email' | 'contact_name' | 'time_zone' | 'open_registration'> & {
  kind: NonNullable<OrganizationIn['kind']>
}

export function Details({ organization }: { organization: OrganizationOut }) {
  const say = useOrganizationWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const { may } = useSession()
  const named = may('organizations:write')
  const closed = organization.status === 'closed'
  const { register, handleSubmit, reset, formState } = useForm<Given>({ defaultValues: organization as Given })
  useUnsaved(formState.isDirty)
  const path = { hospital_id: organization.id }
  const save = useMutation({
    mutationFn: ({ name, slug, kind, email, contact_name, time_zone, open_registration }: Given) =>
      changeOrganization({
        path,
        body: { email, contact_name, time_zone, open_registration, ...(named ? { name, slug, kind } : {}) },
        throwOnError: true,
      }),
    onSuccess: ({ data }, given) => {
      reset(given, { keepValues: true })
      tell(common('saved'))
      cache.setQueryData(getOrganizationOptions({ path }).queryKey, data)
      void cache.invalidateQueries({ queryKey: ['organizations'] })
    },
  })
  return (
    <Panel title={say('details')}>
      <form onSubmit={(event) => void handleSubmit((given) => save.mutate(given))(event)}>
        <fieldset disabled={closed || !may('organizations:write', 'organizations:settings')} className="flex max-w-3xl flex-col gap-4">
          <TextField label={say('name')} hint={named ? undefined : say('namedByPlatform')} required maxLength={200} readOnly={!named} {...register('name')} />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label={say('slug')} hint={say('slugHint')} required pattern="[a-z0-9][a-z0-9\-]+" readOnly={!named} {...register('slug')} />
            {named && <SelectField label={say('kind')} options={KINDS.map((one) => ({ value: one, label: say(`kind_${one}`) }))} {...register('kind')} />}
            <TextField label={say('email')} type="email" required {...register('email')} />
            <TextField label={say('contact')} hint={say('contactHint')} required maxLength={200} {...register('contact_name')} />
            <ZoneField {...register('time_zone')} />
          </div>
          <CheckField label={say('registration')} hint={say('registrationHint')} {...register('open_registration')} />
          {save.isError && <Refused error={save.error} />}
          <div>
            <Button type="submit" kind="primary" busy={save.isPending}>
              {common('save')}
            </Button>
          </div>
        </fieldset>
      </form>
    </Panel>
  )
}
