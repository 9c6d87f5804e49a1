// What a patient agreed to: what holds now, every decision before, and a decision that staff were told recorded.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { getConsentsOptions, listConsentTextsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { decideConsent } from '@/api/generated/sdk.gen'
import type { ConsentOut, DecisionIn, ListConsentTextsResponse, PatientOut } from '@/api/generated/types.gen'
import { SPOKEN } from '@/features/room/languages'
import { useLanguageName } from '@/i18n/language-names'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { usePatientWords } from './words'

const KINDS = ['ai_use', 'recording', 'sharing', 'training'] as const

export function Consents({ patient }: { patient: PatientOut }) {
  const say = usePatientWords()
  const { may } = useSession()
  const [recording, setRecording] = useState(false)
  const query = useQuery(getConsentsOptions({ path: { patient_id: patient.id } }))
  const texts = useQuery({ ...listConsentTextsOptions(), enabled: recording })
  return (
    <Loaded query={query}>
      {({ standing, history }) => (
        <div className="flex flex-col gap-4">
          <Panel
            title={say('standing')}
            actions={
              may('patients:write') && (
                <Button size="small" aria-haspopup="dialog" onClick={() => setRecording(true)}>
                  {say('consentRecord')}
                </Button>
              )
            }
          >
            <ul className="grid gap-3 text-sm sm:grid-cols-2">
              {KINDS.map((kind) => (
                <li key={kind} className="flex items-center justify-between gap-3 rounded-lg bg-sunken px-3 py-2">
                  {say(`kind_${kind}`)}
                  <Standing granted={standing[kind] === true} asked={history.some((one) => one.kind === kind)} />
                </li>
              ))}
            </ul>
          </Panel>
          <Panel title={say('earlier')}>
            {history.length === 0 ? (
              <p className="text-sm text-soft">{say('consentsNone')}</p>
            ) : (
              <ul className="divide-y divide-line text-sm">
                {history.map((one) => (
                  <Decided key={one.id} one={one} />
                ))}
              </ul>
            )}
          </Panel>
          <Dialog open={recording} title={say('consentRecord')} onClose={() => setRecording(false)}>
            <Loaded query={texts}>
              {({ items }) => <RecordDecision patient={patient} texts={items} onClose={() => setRecording(false)} />}
            </Loaded>
          </Dialog>
        </div>
      )}
    </Loaded>
  )
}

function Standing({ granted, asked }: { granted: boolean; asked: boolean }) {
  const say = usePatientWords()
  if (granted) return <Badge tone="good">{say('granted')}</Badge>
  return <Badge tone={asked ? 'warn' : 'neutral'}>{say(asked ? 'withdrawn' : 'notDecided')}</Badge>
}

function Decided({ one }: { one: ConsentOut }) {
  const say = usePatientWords()
  const time = useTime()
  const by = (['patient', 'representative', 'erasure'] as const).find((known) => known === one.decided_by)
  const how = (['in_app', 'spoken', 'paper', 'phone'] as const).find((known) => known === one.how)
  const language = useLanguageName()(one.language)
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 py-3">
      <div>
        <p className="flex flex-wrap items-center gap-2">
          {say(`kind_${one.kind}`)}
          <Badge tone={one.decision === 'granted' ? 'good' : 'warn'}>{say(one.decision)}</Badge>
        </p>
        <p className="text-soft">
          {[by && say(`decidedBy_${by}`), how && by !== 'erasure' && say(`how_${how}`), say('textVersion', { n: one.text_version, language })]
            .filter(Boolean)
            .join(' · ')}
        </p>
      </div>
      <span className="text-soft">{time.moment(one.created_at)}</span>
    </li>
  )
}

type Text = ListConsentTextsResponse['items'][number]
type Given = Required<Pick<DecisionIn, 'kind' | 'decision' | 'decided_by' | 'how'>> & { language: string }

/** The text in the language chosen is shown, and its hash goes with the decision: it is about what was read out. */
function RecordDecision({ patient, texts, onClose }: { patient: PatientOut; texts: readonly Text[]; onClose: () => void }) {
  const say = usePatientWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const written = [...new Set(texts.map((one) => one.language))]
  const { register, handleSubmit, watch } = useForm<Given>({
    defaultValues: {
      kind: 'ai_use',
      decision: 'granted',
      decided_by: 'patient',
      how: 'spoken',
      language: written.includes(patient.language) ? patient.language : 'en',
    },
  })
  const [kind, decision, language] = watch(['kind', 'decision', 'language'])
  const text = texts.find((one) => one.kind === kind && one.language === language)
  const path = { patient_id: patient.id }
  const decide = useMutation({
    mutationFn: (given: Given) => decideConsent({ path, body: { ...given, text_hash: text?.hash }, throwOnError: true }),
    onSuccess: () => {
      tell(say('consentRecorded'))
      onClose()
      return cache.invalidateQueries({ queryKey: getConsentsOptions({ path }).queryKey })
    },
  })
  return (
    <form onSubmit={(event) => void handleSubmit((given) => decide.mutate(given))(event)} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('consentRecordHint')}</p>
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField label={say('kind')} options={KINDS.map((value) => ({ value, label: say(`kind_${value}`) }))} {...register('kind')} />
        <SelectField
          label={say('decision')}
          options={(['granted', 'withdrawn'] as const).map((value) => ({ value, label: say(value) }))}
          {...register('decision')}
        />
        <SelectField
          label={say('decidedBy')}
          options={(['patient', 'representative'] as const).map((value) => ({ value, label: say(`decidedBy_${value}`) }))}
          {...register('decided_by')}
        />
        <SelectField
          label={say('how')}
          options={(['spoken', 'paper', 'phone'] as const).map((value) => ({ value, label: say(`how_${value}`) }))}
          {...register('how')}
        />
        <SelectField label={say('language')} options={SPOKEN.filter(({ value }) => written.includes(value))} {...register('language')} />
      </div>
      {decision === 'granted' && text && (
        <section className="max-h-48 overflow-y-auto rounded-lg bg-sunken p-3 text-sm" lang={text.language} tabIndex={0} aria-label={text.title}>
          <p className="font-medium">{text.title}</p>
          <p className="whitespace-pre-line">{text.body}</p>
        </section>
      )}
      {decide.isError && <Refused error={decide.error} />}
      <footer className="flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{common('cancel')}</Button>
        <Button type="submit" kind="primary" busy={decide.isPending}>
          {common('save')}
        </Button>
      </footer>
    </form>
  )
}
