import { Link, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { asProblem } from '@/api/client'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { Frame } from './frame'
import { GoogleButton } from './google'
import { SecondStep } from './second-step-later'
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
  const [missing, setMissing] = useState<readonly string[]>([])
  const [busy, setBusy] = useState(false)
  const enter = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    const login = String(given.get('login')).trim()
    const password = String(given.get('password'))
    const lacking = [login ? [] : ['login'], password ? [] : ['password']].flat()
    setMissing(lacking)
    if (lacking[0]) return void form.querySelector<HTMLInputElement>(`[name=${lacking[0]}]`)?.focus()
    setError(null)
    setBusy(true)
    try {
      await signIn(login, password)
    } catch (refused) {
      const problem = asProblem(refused)
      if (problem.code === 'authentication.second_factor_required') onChallenge(String(problem.context.challenge))
      else setError(refused)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Frame title={say('signIn')}>
      <form onSubmit={(event) => void enter(event)} noValidate className="flex flex-col gap-4">
        {search.reset === 'done' && <p className="rounded-lg bg-good-wash p-3 text-sm">{say('resetDone')}</p>}
        <TextField
          label={say('login')}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          name="login"
          error={missing.includes('login') && say('needed')}
        />
        <TextField
          label={say('password')}
          type="password"
          autoComplete="current-password"
          name="password"
          error={missing.includes('password') && say('needed')}
        />
        {error !== null && <Refused error={error} />}
        <Button kind="primary" type="submit" busy={busy}>
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
