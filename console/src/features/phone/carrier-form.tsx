import { useMutation } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { changePhoneCarrier, createPhoneCarrier } from '@/api/generated/sdk.gen'
import type { CarrierOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { SelectField, TextArea, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { KIND_NAMES, KINDS } from './kinds'
import { usePhoneWords } from './words'

type Given = Record<'name' | 'account_id' | 'token' | 'key' | 'webhook_user' | 'webhook_password' | 'networks' | 'url', string> & {
  kind: CarrierOut['kind']
}

/** Each carrier asks for its own. Secrets that are there already are never shown: what is left empty stays as it is. */
export function CarrierForm({ carrier, onDone }: { carrier: CarrierOut | null; onDone: () => void }) {
  const say = usePhoneWords()
  const common = useCommonWords()
  const tell = useTell()
  const { register, handleSubmit, watch } = useForm<Given>({
    defaultValues: {
      kind: carrier?.kind ?? 'twilio',
      name: carrier?.name ?? '',
      account_id: carrier?.account_id ?? '',
      networks: carrier?.networks.join('\n') ?? '',
      url: carrier?.url ?? '',
    },
  })
  const kind = watch('kind')
  const exotel = kind === 'exotel'
  const save = useMutation({
    mutationFn: (given: Given) =>
      carrier === null
        ? createPhoneCarrier({ body: { ...bodyOf(given), kind: given.kind, account_id: given.account_id.trim(), token: given.token }, throwOnError: true })
        : changePhoneCarrier({ path: { phone_carrier_id: carrier.id }, body: { ...bodyOf(given), url: given.url.trim() }, throwOnError: true }),
    gcTime: 0, // what was typed holds secrets
    onSuccess: () => {
      tell(common('saved'))
      onDone()
    },
  })
  const secret = { type: 'password', autoComplete: 'off', maxLength: 200 } as const
  const stays = carrier ? say('secretStays') : undefined
  return (
    <form onSubmit={(event) => void handleSubmit((given) => save.mutate(given))(event)} className="flex flex-col gap-4">
      {carrier === null && (
        <SelectField label={say('carrier')} options={KINDS.map((value) => ({ value, label: KIND_NAMES[value] }))} {...register('kind')} />
      )}
      <TextField label={say('name')} hint={say('carrierNameHint')} required maxLength={80} {...register('name')} />
      {carrier === null && (
        <TextField label={say(`accountId_${kind}`)} required autoComplete="off" pattern="[0-9A-Za-z_.\-]+" maxLength={80} {...register('account_id')} />
      )}
      {exotel && <TextField {...secret} label={say('apiKey')} hint={stays} required={carrier === null} {...register('key')} />}
      <TextField {...secret} label={say(exotel ? 'apiToken' : 'authToken')} hint={stays ?? (exotel ? undefined : say('authTokenHint'))} required={carrier === null} {...register('token')} />
      {exotel && (
        <fieldset className="flex flex-col gap-4 rounded-lg border border-line p-3">
          <legend className="px-1 text-sm font-medium">{say('knownBy')}</legend>
          <p className="text-sm text-soft">{say('knownByHint')}</p>
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label={say('webhookUser')} autoComplete="off" maxLength={200} hint={stays} {...register('webhook_user')} />
            <TextField {...secret} label={say('webhookPassword')} hint={stays} {...register('webhook_password')} />
          </div>
          <TextArea label={say('networks')} hint={say('networksHint')} rows={2} spellCheck={false} {...register('networks')} />
        </fieldset>
      )}
      <TextField label={say('url')} hint={say('urlHint')} type="url" maxLength={200} {...register('url')} />
      {save.isError && <Refused error={save.error} />}
      <Button type="submit" kind="primary" busy={save.isPending}>
        {common('save')}
      </Button>
    </form>
  )
}

function bodyOf({ name, token, key, webhook_user, webhook_password, networks, url, kind }: Given) {
  const exotel = kind === 'exotel'
  return {
    name: name.trim(),
    token: token || undefined,
    key: (exotel && key) || undefined,
    webhook_user: (exotel && webhook_user) || undefined,
    webhook_password: (exotel && webhook_password) || undefined,
    networks: exotel ? networks.split(/[\s,;]+/).filter(Boolean) : undefined,
    url: url.trim() || undefined,
  }
}
