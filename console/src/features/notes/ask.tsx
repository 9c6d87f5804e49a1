// Questions to signed notes. A question stays out of the address; whose notes are asked may stand in it.
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { embedNotes, queryNotes, searchPatients } from '@/api/generated/sdk.gen'
import type { NotesAnswerOut } from '@/api/generated/types.gen'
import { PatientName } from '@/features/patients/patient-name'
import { nameOf } from '@/features/patients/patients'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { SelectField, TextArea, TextField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useDeskWords } from './desk-words'

const PASSAGES = ['3', '5', '10', '20']

export function AskNotes() {
  const say = useDeskWords()
  const { patient } = useSearch({ strict: false }) as { patient?: string }
  const [question, setQuestion] = useState('')
  const [passages, setPassages] = useState('5')
  const asked = useMutation({
    mutationFn: async (text: string) =>
      (await queryNotes({ body: { question: text, patient_id: patient ?? null, k: Number(passages) }, throwOnError: true })).data,
  })
  const ask = (event: FormEvent) => {
    event.preventDefault()
    if (question.trim()) asked.mutate(question.trim())
  }
  return (
    <div className="flex flex-col gap-4">
      <Panel className="flex flex-col gap-4">
        <Whose patient={patient} onChange={asked.reset} />
        <form onSubmit={ask} className="flex flex-col gap-4">
          <TextArea
            label={say('question')}
            hint={say('askHint')}
            rows={2}
            required
            maxLength={2000}
            value={question}
            onChange={(event) => setQuestion(event.target.value)}
          />
          <div className="flex flex-wrap items-end gap-3">
            <SelectField
              label={say('number')}
              value={passages}
              onChange={(event) => setPassages(event.target.value)}
              options={PASSAGES.map((value) => ({ value, label: value }))}
            />
            <Button type="submit" kind="primary" busy={asked.isPending}>
              {say('ask')}
            </Button>
          </div>
        </form>
      </Panel>
      {asked.isError && <Refused error={asked.error} />}
      <div aria-live="polite">{asked.data && <Answer question={asked.variables} answer={asked.data} />}</div>
      <Index />
    </div>
  )
}

function Answer({ question, answer }: { question: string; answer: NotesAnswerOut }) {
  const say = useDeskWords()
  const time = useTime()
  return (
    <Panel
      title={say('answer')}
      actions={<Badge tone={answer.known === 'answer' ? 'good' : 'warn'}>{say(`answer_${answer.known}`)}</Badge>}
      className="flex flex-col gap-2"
    >
      <p className="text-sm break-words text-soft">“{question}”</p>
      <p className="break-words whitespace-pre-line">{answer.answer}</p>
      {answer.known !== 'answer' && <p className="text-sm text-soft">{say('unknownHint')}</p>}
      {answer.citations.length > 0 && (
        <ol aria-label={say('citations')} className="flex flex-col gap-2 text-sm">
          {answer.citations.map((one) => (
            <li key={one.number} className="rounded-lg bg-sunken p-3">
              <p>
                [{one.number}] “{one.quote}”
              </p>
              <p className="mt-1 text-soft">
                <Link
                  to="/notes/$noteId"
                  params={{ noteId: one.note_id }}
                  className="inline-flex min-h-6 items-center text-brand underline underline-offset-4"
                >
                  <PatientName id={one.patient_id} />
                </Link>
                {' · '}
                {say('signedAt', { when: time.moment(one.approved_at) })}
              </p>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}

/** All notes, or one patient's: looked for by name, in a body. An answer from the notes of others goes with the choice. */
function Whose({ patient, onChange }: { patient: string | undefined; onChange: () => void }) {
  const say = useDeskWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const search = useMutation({
    mutationFn: async (wanted: string) => (await searchPatients({ body: { text: wanted, limit: 8 }, throwOnError: true })).data,
  })
  const choose = (id: string | undefined) => {
    search.reset()
    onChange()
    setText('')
    void navigate({ to: '/notes', search: { tab: 'ask', patient: id } })
  }
  const find = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim()) search.mutate(text.trim())
  }
  if (patient)
    return (
      <p className="flex flex-wrap items-center gap-3 text-sm">
        <span>
          {say('onePatient')}: <span className="font-medium"><PatientName id={patient} /></span>
        </span>
        <Button size="small" onClick={() => choose(undefined)}>
          {say('everyPatient')}
        </Button>
      </p>
    )
  return (
    <form role="search" onSubmit={find} className="flex flex-col gap-2">
      <div className="flex max-w-xl items-end gap-2">
        <div className="flex-1">
          <TextField
            label={say('patientSearch')}
            type="search"
            autoComplete="off"
            maxLength={100}
            placeholder={say('everyPatient')}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <Button type="submit" busy={search.isPending}>
          {common('search')}
        </Button>
      </div>
      {search.isError && <Refused error={search.error} />}
      {search.data && (
        <ul className="flex flex-wrap gap-2" aria-live="polite">
          {search.data.items.length === 0 && <li className="text-sm text-soft">{common('none')}</li>}
          {search.data.items.map(({ patient: found }) => (
            <li key={found.id}>
              <Button size="small" onClick={() => choose(found.id)}>
                {nameOf(found)}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </form>
  )
}

function Index() {
  const say = useDeskWords()
  const { may } = useSession()
  const embed = useEmbed()
  if (!may('notes:write')) return null
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button size="small" busy={embed.isPending} onClick={() => embed.mutate([])}>
        {say('embed')}
      </Button>
      <p className="max-w-prose text-sm text-soft">{say('embedHint')}</p>
    </div>
  )
}

/** Has these notes indexed anew; with none, all signed ones that are not. */
export function useEmbed() {
  const say = useDeskWords()
  const tell = useTell()
  return useMutation({
    mutationFn: (noteIds: string[]) => embedNotes({ body: { note_ids: noteIds }, throwOnError: true }),
    onSuccess: () => tell(say('embedStarted')),
    onError: tell.refusal,
  })
}
