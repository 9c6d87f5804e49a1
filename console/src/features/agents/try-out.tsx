// A test conversation with the newest version, in writing or by voice, as a patient would have it.
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { getConsentsOptions, listPatientsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { createConsultation } from '@/api/generated/sdk.gen'
import type { AgentOut, PatientOut } from '@/api/generated/types.gen'
import { Conversing } from '@/features/room/room'
import { nameOf } from '@/features/patients/patients'
import { Button } from '@/ui/button'
import { SelectField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useAgentWords } from './words'
import { useTryWords } from './try-words'

export function TryOut({ agent }: { agent: AgentOut }) {
  const tryOut = useTryWords()
  const tell = useTell()
  const patients = useQuery(listPatientsOptions({ query: { limit: 50 } }))
  const [patientId, setPatientId] = useState('')
  const begin = useMutation({
    mutationFn: (id: string) =>
      createConsultation({
        body: { patient_id: id, agent_id: agent.id, agent_version: agent.latest, type: 'video' },
        throwOnError: true,
      }),
    onError: tell.refusal,
  })
  if (begin.data) {
    const id = begin.data.data.consultation_id
    return (
      <div className="flex flex-col gap-3">
        <Conversing consultationId={id} language={agent.config.languages?.[0] ?? 'en'} />
        <Link to="/consultations/$consultationId" params={{ consultationId: id }} className="text-sm text-brand underline">
          {tryOut('measured')}
        </Link>
      </div>
    )
  }
  return (
    <Loaded query={patients}>
      {({ items }) => {
        const chosen = items.find((one) => one.id === patientId) ?? items[0]
        return (
          <Panel className="flex max-w-xl flex-col gap-4">
            <p className="text-sm text-soft">{tryOut('hint')}</p>
            <SelectField
              label={tryOut('patient')}
              value={chosen?.id}
              onChange={(event) => setPatientId(event.target.value)}
              options={items.map((one) => ({ value: one.id, label: nameOf(one) }))}
            />
            {chosen && <Begin key={chosen.id} patient={chosen} busy={begin.isPending} onBegin={() => begin.mutate(chosen.id)} />}
          </Panel>
        )
      }}
    </Loaded>
  )
}

/** An agent answers only who agreed to it, tests too: said before anything is opened. */
function Begin({ patient, busy, onBegin }: { patient: PatientOut; busy: boolean; onBegin: () => void }) {
  const say = useAgentWords()
  const tryOut = useTryWords()
  const consents = useQuery(getConsentsOptions({ path: { patient_id: patient.id } }))
  return (
    <Loaded query={consents} lines={1}>
      {({ standing }) => (
        <>
          {!standing.ai_use && (
            <p role="status" className="rounded-lg bg-warn-wash p-3 text-sm">
              {tryOut('notAgreed', { name: nameOf(patient) })}{' '}
              <Link to="/patients/$patientId" params={{ patientId: patient.id }} search={{ tab: 'consents' }} className="underline">
                {tryOut('consents')}
              </Link>
            </p>
          )}
          <Button kind="primary" busy={busy} disabled={!standing.ai_use} onClick={onBegin}>
            {say('try')}
          </Button>
        </>
      )}
    </Loaded>
  )
}
