import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useForm } from 'react-hook-form'
import { createPatient } from '@/api/generated/sdk.gen'
import { useLanguage } from '@/i18n'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { DetailFields, told, type Details } from './details'
import { usePatientWords } from './words'

export function AddPatient({ open, onClose }: { open: boolean; onClose: () => void }) {
  const say = usePatientWords()
  return (
    <Dialog open={open} title={say('add')} onClose={onClose}>
      <Form onClose={onClose} />
    </Dialog>
  )
}

function Form({ onClose }: { onClose: () => void }) {
  const say = usePatientWords()
  const common = useCommonWords()
  const tell = useTell()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const language = useLanguage()
  const { register, handleSubmit } = useForm<Details>({ defaultValues: { gender: 'unknown', language } })
  const add = useMutation({
    mutationFn: (given: Details) => createPatient({ body: told(given), throwOnError: true }),
    onSuccess: async ({ data }) => {
      tell(say('added'))
      await cache.invalidateQueries({ queryKey: ['patients'] })
      onClose()
      void navigate({ to: '/patients/$patientId', params: { patientId: data.id } })
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => add.mutate(given))(event)} className="flex flex-col gap-4">
      <DetailFields register={register} />
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
