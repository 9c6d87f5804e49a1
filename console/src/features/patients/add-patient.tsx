import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useForm } from 'react-hook-form'
import { createPatient } from '@/api/generated/sdk.gen'
import type { PatientIn } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { usePatientWords } from './words'

export function AddPatient({ open, onClose }: { open: boolean; onClose: () => void }) {
  const say = usePatientWords()
  return (
    <Dialog open={open} title={say('add')} onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  )
}

type Given = Record<'given_name' | 'family_name' | 'birth_date' | 'gender' | 'email' | 'phone' | 'record_number', string>

function Form({ onClose }: { onClose: () => void }) {
  const say = usePatientWords()
  const common = useCommonWords()
  const tell = useTell()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const language = useLanguage()
  const { register, handleSubmit } = useForm<Given>({ defaultValues: { gender: 'unknown' } })
  const add = useMutation({
    mutationFn: (given: Given) => {
      const told = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''))
      return createPatient({ body: { ...told, language } as PatientIn, throwOnError: true })
    },
    onSuccess: async ({ data }) => {
      tell(say('added'))
      await cache.invalidateQueries({ queryKey: ['patients'] })
      onClose()
      void navigate({ to: '/patients/$patientId', params: { patientId: data.id } })
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => add.mutate(given))(event)} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('givenName')} required {...register('given_name')} />
        <TextField label={say('familyName')} required {...register('family_name')} />
        <TextField label={say('birthDate')} type="date" {...register('birth_date')} />
        <SelectField
          label={say('gender')}
          options={(['unknown', 'female', 'male', 'other'] as const).map((value) => ({ value, label: say(`gender_${value}`) }))}
          {...register('gender')}
        />
        <TextField label={say('phone')} type="tel" {...register('phone')} />
        <TextField label={say('recordNumber')} {...register('record_number')} />
      </div>
      <TextField label={say('email')} type="email" {...register('email')} />
      {add.isError && <Refused error={add.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={add.isPending}>
          {common('save')}
        </Button>
      </div>
    </form>
  )
}
