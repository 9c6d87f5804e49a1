import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { Frame } from './frame'
import { useEntryWords } from './words'

export function SecondStep({ challenge }: { challenge: string }) {
  const say = useEntryWords()
  const { answerChallenge } = useSession()
  const [error, setError] = useState<unknown>(null)
  const { register, handleSubmit, formState } = useForm({ defaultValues: { code: '' } })
  const answer = handleSubmit(async ({ code }) => {
    setError(null)
    await answerChallenge(challenge, code.replaceAll(' ', '')).catch(setError)
  })
  return (
    <Frame title={say('secondStep')}>
      <form onSubmit={(event) => void answer(event)} noValidate className="flex flex-col gap-4">
        <TextField
          label={say('code')}
          hint={say('codeHint')}
          autoComplete="one-time-code"
          inputMode="numeric"
          autoFocus
          error={formState.errors.code && say('needed')}
          {...register('code', { required: true, minLength: 6 })}
        />
        {error !== null && <Refused error={error} />}
        <Button kind="primary" type="submit" busy={formState.isSubmitting}>
          {say('confirm')}
        </Button>
      </form>
    </Frame>
  )
}
