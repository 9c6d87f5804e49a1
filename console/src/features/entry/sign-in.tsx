import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { asProblem } from '@/api/client'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { Frame } from './frame'
import { GoogleButton } from './google'
import { SecondStep } from './second-step'
import { useEntryWords } from './words'

export function SignIn() {
  const [challenge, setChallenge] = useState<string | null>(null)
  return challenge === null ? <Credentials onChallenge={setChallenge} /> : <SecondStep challenge={challenge} />
}

function Credentials({ onChallenge }: { onChallenge: (challenge: string) => void }) {
  const say = useEntryWords()
  const { signIn } = useSession()
  const search = useSearch({ strict: false }) as { reset?: string }
  const [error, setError] = useState<unknown>(null)
  const { register, handleSubmit, formState } = useForm({ defaultValues: { login: '', password: '' } })
  const enter = handleSubmit(async ({ login, password }) => {
    setError(null)
    try {
      await signIn(login.trim(), password)
    } catch (refused) {
      const problem = asProblem(refused)
      if (problem.code === 'authentication.second_factor_required') onChallenge(String(problem.context.challenge))
      else setError(refused)
    }
  })
  return (
    <Frame title={say('signIn')}>
      <form onSubmit={(event) => void enter(event)} noValidate className="flex flex-col gap-4">
        {search.reset === 'done' && <p className="rounded-lg bg-good-wash p-3 text-sm">{say('resetDone')}</p>}
        <TextField
          label={say('login')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          error={formState.errors.login && say('needed')}
          {...register('login', { required: true })}
        />
        <TextField
          label={say('password')}
          type="password"
          autoComplete="current-password"
          error={formState.errors.password && say('needed')}
          {...register('password', { required: true })}
        />
        {error !== null && <Refused error={error} />}
        <Button kind="primary" type="submit" busy={formState.isSubmitting}>
          {say('signIn')}
        </Button>
        <GoogleButton />
        <div className="flex flex-col gap-1 text-sm">
          <Link to="/forgotten" className="py-1 text-brand underline underline-offset-4">
            {say('forgotten')}
          </Link>
          <p className="py-1 text-soft">
            {say('newHere')}{' '}
            <Link to="/register" className="text-brand underline underline-offset-4">
              {say('register')}
            </Link>
          </p>
        </div>
      </form>
    </Frame>
  )
}
