import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import { asProblem } from '@/api/client'
import { uploadEvaluation } from '@/api/generated/sdk.gen'
import type { EvaluationKept, EvaluationOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { save } from '@/ui/save'
import { Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { useEvaluationWords } from './evaluation-words'

const REASONS = [
  'bad_grade',
  'bad_language',
  'bad_not_in_base',
  'contradiction',
  'document_of_what_is_not_in_base',
  'long_document',
  'long_question',
  'no_document',
  'no_question',
  'twice',
] as const

/** A file of questions becomes a set; of a set that is there (`of`), the next version. */
export function UploadQuestions({ of, onKept, onDone }: { of?: EvaluationOut; onKept: () => void; onDone: () => void }) {
  const say = useEvaluationWords()
  const chosen = useRef<HTMLInputElement>(null)
  const [name, setName] = useState(of?.name ?? '')
  const [collection, setCollection] = useState(of?.collection ?? '')
  const [language, setLanguage] = useState(of?.only_language ?? '')
  const upload = useMutation({
    mutationFn: (file: File) =>
      uploadEvaluation({ body: { file, name: name.trim(), collection, only_language: language }, throwOnError: true }),
    onSuccess: onKept,
  })
  const give = (event: FormEvent) => {
    event.preventDefault()
    const file = chosen.current?.files?.[0]
    if (file) upload.mutate(file)
  }
  if (upload.data) return <Kept kept={upload.data.data} onDone={onDone} />
  return (
    <form onSubmit={give} className="flex flex-col gap-4">
      <TextField ref={chosen} type="file" label={say('file')} hint={say('fileHint')} accept=".csv,.tsv,.jsonl" required />
      <div>
        <Button size="small" onClick={() => save(new Blob([say('exampleFile')], { type: 'text/csv' }), 'questions.csv')}>
          {say('example')}
        </Button>
      </div>
      {!of && (
        <>
          <TextField
            label={say('name')}
            hint={say('nameHint')}
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              label={say('collection')}
              hint={say('collectionHint')}
              value={collection}
              onChange={(event) => setCollection(event.target.value)}
            />
            <TextField
              label={say('language')}
              hint={say('languageHint')}
              maxLength={3}
              value={language}
              onChange={(event) => setLanguage(event.target.value)}
            />
          </div>
        </>
      )}
      {of && <p className="text-sm text-soft">{say('newHint', { n: of.question_count })}</p>}
      {upload.isError && <Rows error={upload.error} />}
      <Button type="submit" kind="primary" busy={upload.isPending}>
        {say(of ? 'new' : 'add')}
      </Button>
    </form>
  )
}

/** What was taken, and of which questions the knowledge lacks the document. */
function Kept({ kept, onDone }: { kept: EvaluationKept; onDone: () => void }) {
  const say = useEvaluationWords()
  const common = useCommonWords()
  const time = useTime()
  return (
    <div role="status" className="flex flex-col gap-4 text-sm">
      <p>
        {kept.unchanged ? say('unchanged') : say('kept', { n: kept.version, questions: time.number(kept.question_count) })}
      </p>
      {kept.missing.length > 0 && (
        <p className="text-warn">{say('missing', { which: kept.missing.map((n) => time.number(n)).join(', ') })}</p>
      )}
      <div>
        <Button kind="primary" onClick={onDone}>
          {common('done')}
        </Button>
      </div>
    </div>
  )
}

/** A refused file: which of its rows, and why. */
function Rows({ error }: { error: unknown }) {
  const say = useEvaluationWords()
  const rows = Object.entries(asProblem(error).context).filter(([place]) => place.startsWith('row_'))
  const reasonOf = (code: string) => {
    const known = REASONS.find((one) => one === code)
    return known ? say(`reason_${known}`) : say('reason_other', { code })
  }
  return (
    <div className="flex flex-col gap-2">
      <Refused error={error} />
      <ul className="flex flex-col gap-1 text-sm text-bad">
        {rows.map(([place, code]) => (
          <li key={place}>{say('row', { n: place.slice('row_'.length), reason: reasonOf(String(code)) })}</li>
        ))}
      </ul>
    </div>
  )
}
