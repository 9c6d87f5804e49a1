// Erasing a patient for good. What is left of them is a certificate, which is where this leads.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { asProblem } from '@/api/client'
import { erasePatient } from '@/api/generated/sdk.gen'
import type { ErasureIn, PatientOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { CheckField, SelectField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { nameOf } from './patients'
import { useRightsWords } from './rights-words'

const REASONS = ['patient_request', 'law', 'mistake', 'retention'] as const

export function Erase({ patient }: { patient: PatientOut }) {
  const say = useRightsWords()
  const [asking, setAsking] = useState(false)
  return (
    <Panel title={say('erase')} className="border-bad">
      <p className="mb-3 max-w-prose text-sm text-soft">{say('eraseHint')}</p>
      <div>
        <Button aria-haspopup="dialog" kind="danger" onClick={() => setAsking(true)}>
          {say('eraseAsk')}
        </Button>
      </div>
      <Dialog open={asking} title={say('eraseTitle', { name: nameOf(patient) })} onClose={() => setAsking(false)}>
        <Confirm patient={patient} onClose={() => setAsking(false)} />
      </Dialog>
    </Panel>
  )
}

function Confirm({ patient, onClose }: { patient: PatientOut; onClose: () => void }) {
  const say = useRightsWords()
  const common = useCommonWords()
  const tell = useTell()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const [reason, setReason] = useState<ErasureIn['reason']>('patient_request')
  const [sure, setSure] = useState(false)
  const erase = useMutation({
    mutationFn: () =>
      erasePatient({ path: { patient_id: patient.id }, body: { reason, confirm_patient_id: patient.id }, throwOnError: true }),
    onSuccess: async ({ data }) => {
      tell(say('erased'))
      await navigate({ to: '/privacy', search: { tab: 'erasures', erasure: data.id } })
      cache.removeQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(patient.id) })
      await cache.invalidateQueries({ queryKey: ['patients'] })
    },
  })
  return (
    <>
      <ul className="list-disc space-y-1 pl-5 text-sm">
        <li>{say('eraseGone')}</li>
        <li>{say('eraseLeft')}</li>
        <li>{say('eraseEverywhere')}</li>
        <li className="font-semibold text-bad">{say('eraseFinal')}</li>
      </ul>
      <SelectField
        label={say('reason')}
        value={reason}
        onChange={(event) => setReason(event.target.value as ErasureIn['reason'])}
        options={REASONS.map((value) => ({ value, label: say(`because_${value}`) }))}
      />
      <CheckField label={say('eraseSure')} checked={sure} onChange={(event) => setSure(event.target.checked)} />
      {erase.isError && (
        <>
          <Refused error={erase.error} />
          {asProblem(erase.error).code === 'patient.on_hold' && <p className="text-sm">{say('eraseHeld')}</p>}
        </>
      )}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button kind="danger" disabled={!sure} busy={erase.isPending} onClick={() => erase.mutate()}>
          {say('eraseDo')}
        </Button>
      </footer>
    </>
  )
}
