import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { register as registerAccount } from '@/api/generated/sdk.gen'
import { useLanguage } from '@/i18n'
import { useSession } from '@/session/session'
import { cookieWanted } from '@/session/tokens'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { Frame } from './frame'
import { useEntryWords } from './words'

export function Register() {
  const say = useEntryWords()
  const language = useLanguage()
  const { adopt } = useSession()
  const [error, setError] = useState<unknown>(null)
  const { register, handleSubmit, formState } = useForm({
    defaultValues: { organization: '', given_name: '', family_name: '', email: '', password: '' },
  })
  const enter = handleSubmit(async (given) => {
    setError(null)
    try {
      const { data } = await registerAccount({
        body: { ...given, organization: given.organization.trim(), language },
        headers: cookieWanted,
        throwOnError: true,
      })
      await adopt(data)
    } catch (refused) {
      setError(refused)
    }
  })
  const wrong = (name: keyof typeof formState.errors) => formState.errors[name] && say('needed')
  return (
    <Frame title={say('register')}>
      <form onSubmit={(event) => void enter(event)} noValidate className="flex flex-col gap-4">
        <TextField
          label={say('clinic')}
          hint={say('clinicHint')}
          autoCapitalize="none"
          error={wrong('organization')}
          {...register('organization', { required: true })}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={say('givenName')}
            autoComplete="given-name"
            error={wrong('given_name')}
            {...register('given_name', { required: true })}
          />
          <TextField
            label={say('familyName')}
            autoComplete="family-name"
            error={wrong('family_name')}
            {...register('family_name', { required: true })}
          />
        </div>
        <TextField
          label={say('email')}
          type="email"
          autoComplete="email"
          error={wrong('email')}
          {...register('email', { required: true })}
        />
        <TextField
          label={say('newPassword')}
          hint={say('passwordHint')}
          type="password"
          autoComplete="new-password"
          error={wrong('password')}
          {...register('password', { required: true })}
        />
        {error !== null && <Refused error={error} />}
        <Button kind="primary" type="submit" busy={formState.isSubmitting}>
          {say('register')}
        </Button>
        <Link to="/sign-in" className="py-1 text-sm text-brand underline underline-offset-4">
          {say('backToSignIn')}
        </Link>
      </form>
    </Frame>
  )
}
