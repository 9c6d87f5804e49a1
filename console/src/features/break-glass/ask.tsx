// Asking for emergency access: for one patient, with a reason, for a short time.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Siren } from 'lucide-react'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { breakGlass } from '@/api/generated/sdk.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField, TextArea, TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { useCommonWords } from '@/ui/words'
import { OWN_ACCESSES } from './own-accesses'
import { useBreakGlassWords } from './words'

const MINUTES = ['15', '30', '60', '120', '240'] as const

export function AskForAccess({ patientId }: { patientId?: string }) {
  const say = useBreakGlassWords()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button kind="danger" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Siren aria-hidden className="size-4" />
        {say('ask')}
      </Button>
      <Dialog open={open} title={say('ask')} onClose={() => setOpen(false)}>
        <Form patientId={patientId} onClose={() => setOpen(false)} />
      </Dialog>
    </>
  )
}

interface Given {
  record_number: string
  reason: string
  minutes: string
}

function Form({ patientId, onClose }: { patientId?: string; onClose: () => void }) {
  const say = useBreakGlassWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const { register, handleSubmit } = useForm<Given>({ defaultValues: { minutes: '60' } })
  const ask = useMutation({
    mutationFn: ({ record_number, reason, minutes }: Given) => {
      const whose = patientId ? { patient_id: patientId } : { record_number }
      return breakGlass({ body: { ...whose, reason, minutes: Number(minutes) }, throwOnError: true })
    },
    onSuccess: async ({ data }) => {
      onClose()
      await cache.invalidateQueries({ queryKey: OWN_ACCESSES.queryKey })
      void navigate({ to: '/emergency/$accessId', params: { accessId: data.id } })
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => ask.mutate(given))(event)} className="flex flex-col gap-4">
      <p className="rounded-lg bg-bad-wash p-3 text-sm">{say('askHint')}</p>
      {!patientId && <TextField label={say('recordNumber')} hint={say('recordNumberHint')} required maxLength={40} autoComplete="off" {...register('record_number')} />}
      <TextArea label={say('reason')} hint={say('reasonHint')} required minLength={10} maxLength={1_000} {...register('reason')} />
      <SelectField label={say('howLong')} options={MINUTES.map((value) => ({ value, label: say('minutes', { n: value }) }))} {...register('minutes')} />
      {ask.isError && <Refused error={ask.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="danger" busy={ask.isPending}>
          {say('open')}
        </Button>
      </footer>
    </form>
  )
}
