// Before a conversation: consent first, then the language, then on to the room.
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { getConsentsOptions, listConsultationsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { createConsultation } from '@/api/generated/sdk.gen'
import { useLanguage } from '@/i18n'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField } from '@/ui/field'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { Consent } from './consent'
import { EndOpen } from './ending'
import { SPOKEN } from './languages'
import { useRoomWords } from './words'

export function Talk() {
  const say = useRoomWords()
  const { patient_id: patientId } = useMe()
  return <Page title={say('title')}>{patientId === null ? <NoPatient /> : <Agreed patientId={patientId} />}</Page>
}

/** Staff come here by address alone: no place of theirs leads here. */
function NoPatient() {
  const say = useRoomWords()
  const { may } = useSession()
  const [to, where] = may('agents:write') ? (['/agents', 'Try'] as const) : (['/consultations', 'See'] as const)
  const more = may('agents:write', 'consultations:read')
  return (
    <Empty
      title={say('noPatient')}
      action={
        more && (
          <Button asChild kind="primary">
            <Link to={to}>{say(`to${where}`)}</Link>
          </Button>
        )
      }
    >
      {say('noPatientHint')} {more && say(`noPatient${where}`)}
    </Empty>
  )
}

function Agreed({ patientId }: { patientId: string }) {
  const say = useRoomWords()
  const consents = useQuery(getConsentsOptions({ path: { patient_id: patientId } }))
  const [refused, setRefused] = useState(false)
  return (
    <Loaded query={consents}>
      {({ standing, history }) => {
        if (refused) return <Panel>{say('disagreed')}</Panel>
        if (!standing.ai_use)
          return <Consent kind="ai_use" patientId={patientId} onRefused={() => setRefused(true)} />
        if (!history.some((one) => one.kind === 'recording'))
          return <Consent kind="recording" patientId={patientId} />
        return <Begin patientId={patientId} recorded={standing.recording === true} />
      }}
    </Loaded>
  )
}

function Begin({ patientId, recorded }: { patientId: string; recorded: boolean }) {
  const say = useRoomWords()
  const time = useTime()
  const tell = useTell()
  const navigate = useNavigate()
  const page = useLanguage()
  const [language, setLanguage] = useState<string>(page)
  const open = useQuery(listConsultationsOptions({ query: { patient_id: patientId, state: 'active', limit: 1 } }))
  const enter = (consultationId: string) => navigate({ to: '/talk/$consultationId', params: { consultationId } })
  const create = useMutation({
    mutationFn: () => createConsultation({ body: { type: 'video', language }, throwOnError: true }),
    onSuccess: ({ data }) => enter(data.consultation_id),
    onError: tell.refusal,
  })
  return (
    <div className="grid gap-4 md:grid-cols-2">
      <Panel className="flex flex-col gap-4">
        <p className="text-sm">{say('ai')}</p>
        <SelectField
          label={say('language')}
          value={language}
          onChange={(event) => setLanguage(event.target.value)}
          options={SPOKEN}
        />
        {!recorded && <p className="text-sm text-soft">{say('notRecorded')}</p>}
        <Button kind="primary" className="min-h-12 text-base" busy={create.isPending} onClick={() => create.mutate()}>
          {say('start')}
        </Button>
      </Panel>
      {open.data?.items.map((one) => (
        <Panel key={one.id} title={say('open')} className="flex flex-col gap-3">
          <p className="text-sm text-soft">{say('openHint', { when: time.ago(one.created_at) })}</p>
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => void enter(one.id)}>{say('resume')}</Button>
            <EndOpen consultationId={one.id} />
          </div>
        </Panel>
      ))}
    </div>
  )
}
