import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { forgetPassword } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { Frame } from './frame'
import { useEntryWords } from './words'

export function Forgotten() {
  const say = useEntryWords()
  const [asked, setAsked] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const { register, handleSubmit, formState } = useForm({ defaultValues: { email: '' } })
  const ask = handleSubmit(async (body) => {
    setError(null)
    try {
      await forgetPassword({ body, throwOnError: true })
      setAsked(true)
    } catch (refused) {
      setError(refused)
    }
  })
  return (
    <Frame title={say('forgotten')}>
      {asked ? (
        <p role="status">{say('asked')}</p>
      ) : (
        <form onSubmit={(event) => void ask(event)} noValidate className="flex flex-col gap-4">
          <TextField
            label={say('email')}
            hint={say('forgottenHint')}
            type="email"
            autoComplete="email"
            error={formState.errors.email && say('needed')}
            {...register('email', { required: true })}
          />
          {error !== null && <Refused error={error} />}
          <Button kind="primary" type="submit" busy={formState.isSubmitting}>
            {say('ask')}
          </Button>
        </form>
      )}
      <Link to="/sign-in" className="mt-4 inline-block py-1 text-sm text-brand underline underline-offset-4">
        {say('backToSignIn')}
      </Link>
    </Frame>
  )
}
