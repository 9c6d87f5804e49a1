import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useForm } from 'react-hook-form'
import { getPatientOptions } from '@/api/generated/@tanstack/react-query.gen'
import { changePatient } from '@/api/generated/sdk.gen'
import type { PatientOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { DetailFields, detailsOf, told, type Details } from './details'
import { usePatientWords } from './words'

export function ChangePatient({ patient, open, onClose }: { patient: PatientOut; open: boolean; onClose: () => void }) {
  const say = usePatientWords()
  return (
    <Dialog open={open} title={say('change')} onClose={onClose}>
      <Form patient={patient} onClose={onClose} />
    </Dialog>
  )
}

function Form({ patient, onClose }: { patient: PatientOut; onClose: () => void }) {
  const say = usePatientWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const path = { patient_id: patient.id }
  const { register, handleSubmit } = useForm<Details>({ defaultValues: detailsOf(patient) })
  const put = (given: Details) => changePatient({ path, body: told(given), throwOnError: true })
  const show = (data: PatientOut) => {
    cache.setQueryData(getPatientOptions({ path }).queryKey, data)
    return cache.invalidateQueries({ queryKey: ['patients'] })
  }
  const change = useMutation({
    mutationFn: put,
    onSuccess: ({ data }) => {
      void show(data)
      onClose()
      tell(say('changed'), () => put(detailsOf(patient)).then((before) => show(before.data), tell.refusal))
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => change.mutate(given))(event)} className="flex flex-col gap-4">
      <DetailFields register={register} />
      {change.isError && <Refused error={change.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={change.isPending}>
          {common('save')}
        </Button>
      </div>
    </form>
  )
}
