import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { renewRecoveryCodes } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { CopyText } from '@/ui/copy'
import { Dialog } from '@/ui/dialog'
import { TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useAccountWords } from './words'

/** For whoever lost the codes they had, or used most of them. */
export function RecoveryCodes() {
  const say = useAccountWords()
  const [asking, setAsking] = useState(false)
  return (
    <Panel title={say('recovery')}>
      <p className="mb-4 text-sm text-soft">{say('recoveryHint')}</p>
      <Button aria-haspopup="dialog" onClick={() => setAsking(true)}>
        {say('recoveryRenew')}
      </Button>
      <Dialog open={asking} title={say('recoveryRenew')} onClose={() => setAsking(false)}>
        <Renew onDone={() => setAsking(false)} />
      </Dialog>
    </Panel>
  )
}

function Renew({ onDone }: { onDone: () => void }) {
  const say = useAccountWords()
  const { register, handleSubmit } = useForm({ defaultValues: { password: '', code: '' } })
  const renew = useMutation({
    mutationFn: (body: { password: string; code: string }) => renewRecoveryCodes({ body, throwOnError: true }),
    gcTime: 0, // neither the password nor the codes are kept once this is closed
  })
  if (renew.data)
    return (
      <div className="flex flex-col gap-4">
        <p className="rounded-lg bg-warn-wash p-3 text-sm font-medium text-warn">{say('codes')}</p>
        <CopyText label={say('recovery')} text={renew.data.data.codes.join(' ')} />
        <Button kind="primary" onClick={onDone} className="self-end">
          {say('codesKept')}
        </Button>
      </div>
    )
  return (
    <form onSubmit={(event) => void handleSubmit((body) => renew.mutate(body))(event)} className="flex flex-col gap-4">
      <p className="text-sm">{say('recoveryEnds')}</p>
      <TextField label={say('present')} type="password" autoComplete="current-password" required {...register('password')} />
      <TextField label={say('code')} inputMode="numeric" autoComplete="one-time-code" required {...register('code')} />
      {renew.isError && <Refused error={renew.error} />}
      <Button type="submit" kind="primary" busy={renew.isPending}>
        {say('recoveryRenew')}
      </Button>
    </form>
  )
}
