import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { resetPassword } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { Frame } from './frame'
import { secretInAddress } from './secret'
import { useEntryWords } from './words'

export function Reset() {
  const say = useEntryWords()
  const navigate = useNavigate()
  const [token] = useState(secretInAddress)
  const [error, setError] = useState<unknown>(null)
  const { register, handleSubmit, formState } = useForm({ defaultValues: { wanted: '' } })
  const reset = handleSubmit(async ({ wanted }) => {
    setError(null)
    try {
      await resetPassword({ body: { token: token ?? '', wanted }, throwOnError: true })
      await navigate({ to: '/sign-in', search: { reset: 'done' } })
    } catch (refused) {
      setError(refused)
    }
  })
  if (token === null)
    return (
      <Frame title={say('reset')}>
        <p role="alert">{say('badLink')}</p>
        <Link to="/forgotten" className="mt-4 inline-block text-sm text-brand underline underline-offset-4">
          {say('forgotten')}
        </Link>
      </Frame>
    )
  return (
    <Frame title={say('reset')}>
      <form onSubmit={(event) => void reset(event)} noValidate className="flex flex-col gap-4">
        <TextField
          label={say('newPassword')}
          hint={say('passwordHint')}
          type="password"
          autoComplete="new-password"
          error={formState.errors.wanted && say('needed')}
          {...register('wanted', { required: true })}
        />
        {error !== null && <Refused error={error} />}
        <Button kind="primary" type="submit" busy={formState.isSubmitting}>
          {say('reset')}
        </Button>
      </form>
    </Frame>
  )
}
