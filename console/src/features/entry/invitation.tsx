import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { acceptInvitation, readInvitation } from '@/api/generated/sdk.gen'
import { useRoleName } from '@/i18n/roles'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { Frame } from './frame'
import { secretInAddress } from './secret'
import { useEntryWords } from './words'

export function Invitation() {
  const say = useEntryWords()
  const roleName = useRoleName()
  const [token] = useState(secretInAddress)
  const query = useQuery({
    queryKey: ['invitation'],
    queryFn: async () => (await readInvitation({ body: { token: token ?? '' }, throwOnError: true })).data,
    enabled: token !== null,
    gcTime: 0,
  })
  return (
    <Frame title={say('welcome')}>
      {token === null ? (
        <p role="alert">{say('badLink')}</p>
      ) : (
        <Loaded query={query}>
          {(shown) => (
            <div className="flex flex-col gap-4">
              <p>{say('invited', { organization: shown.organization, role: roleName(shown.role) })}</p>
              <Accept token={token} email={shown.email} slug={shown.slug} known={shown.has_account} />
            </div>
          )}
        </Loaded>
      )}
    </Frame>
  )
}

function Accept({ token, email, slug, known }: { token: string; email: string; slug: string; known: boolean }) {
  const say = useEntryWords()
  const { signIn } = useSession()
  const [error, setError] = useState<unknown>(null)
  const { register, handleSubmit, formState } = useForm({ defaultValues: { password: '' } })
  const join = handleSubmit(async ({ password }) => {
    setError(null)
    try {
      await acceptInvitation({ body: known ? { token } : { token, password }, throwOnError: true })
      await signIn(email, password, slug)
    } catch (refused) {
      setError(refused)
    }
  })
  return (
    <form onSubmit={(event) => void join(event)} noValidate className="flex flex-col gap-4">
      <TextField label={say('email')} value={email} readOnly autoComplete="username" />
      <TextField
        label={known ? say('password') : say('newPassword')}
        hint={known ? undefined : say('passwordHint')}
        type="password"
        autoComplete={known ? 'current-password' : 'new-password'}
        error={formState.errors.password && say('needed')}
        {...register('password', { required: true })}
      />
      {error !== null && <Refused error={error} />}
      <Button kind="primary" type="submit" busy={formState.isSubmitting}>
        {say('accept')}
      </Button>
    </form>
  )
}
