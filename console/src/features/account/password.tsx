import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { changePassword } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useAccountWords } from './words'

export function PasswordPanel() {
  const say = useAccountWords()
  const tell = useTell()
  const [error, setError] = useState<unknown>(null)
  const { register, handleSubmit, formState, reset } = useForm({ defaultValues: { present: '', wanted: '' } })
  const change = handleSubmit(async (body) => {
    setError(null)
    try {
      await changePassword({ body, throwOnError: true })
      reset()
      tell(say('passwordChanged'))
    } catch (refused) {
      setError(refused)
    }
  })
  return (
    <Panel title={say('password')}>
      <form onSubmit={(event) => void change(event)} className="flex flex-col gap-4">
        <TextField label={say('present')} type="password" autoComplete="current-password" required {...register('present')} />
        <TextField label={say('wanted')} type="password" autoComplete="new-password" required {...register('wanted')} />
        {error !== null && <Refused error={error} />}
        <Button type="submit" busy={formState.isSubmitting}>
          {say('change')}
        </Button>
      </form>
    </Panel>
  )
}
