// One set of questions: what it asks, and the runs in which it was asked.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { getEvaluationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { deleteEvaluation, listEvaluationQuestions } from '@/api/generated/sdk.gen'
import type { EvaluationOut, QuestionOut } from '@/api/generated/types.gen'
import { useLanguageName } from '@/i18n/language-names'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/confirm'
import { Dialog } from '@/ui/dialog'
import { Page, PageOf } from '@/ui/page'
import { Empty } from '@/ui/states'
import { Table, useRows, type Column } from '@/ui/table'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { EvaluationRuns } from './evaluation-runs'
import { useEvaluationWords } from './evaluation-words'
import { UploadQuestions } from './upload-questions'
import { useKnowledgeWords } from './words'

const TABS = ['runs', 'questions'] as const

export function EvaluationPage() {
  const { evaluationId } = useParams({ strict: false }) as { evaluationId: string }
  const query = useQuery(getEvaluationOptions({ path: { evaluation_id: evaluationId } }))
  return <PageOf query={query}>{(evaluation) => <Whole evaluation={evaluation} />}</PageOf>
}

function Whole({ evaluation }: { evaluation: EvaluationOut }) {
  const say = useEvaluationWords()
  const languageOf = useLanguageName()
  const knowledge = useKnowledgeWords()
  const common = useCommonWords()
  const time = useTime()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [asking, setAsking] = useState<'delete' | 'new' | null>(null)
  const tab = useTab(TABS)
  const path = { evaluation_id: evaluation.id }
  const tell = useTell()
  const remove = useMutation({
    mutationFn: () => deleteEvaluation({ path, throwOnError: true }),
    onSuccess: async () => {
      tell(say('deleted'))
      await cache.invalidateQueries({ queryKey: ['evaluations'] })
      await navigate({ to: '/knowledge', search: { tab: 'evaluations' }, ignoreBlocker: true })
    },
  })
  const kept = () =>
    Promise.all([
      cache.invalidateQueries({ queryKey: getEvaluationOptions({ path }).queryKey }),
      cache.invalidateQueries({ queryKey: ['evaluations'] }),
    ])
  const told = [
    say('version', { n: evaluation.version }),
    knowledge('questions', { n: time.number(evaluation.question_count) }),
    evaluation.collection,
    evaluation.only_language && languageOf(evaluation.only_language),
    common('zone', { zone: ZONE }),
  ]
  return (
    <Page
      title={evaluation.name}
      hint={
        <>
          <Link to="/knowledge" search={{ tab: 'evaluations' }} className="text-brand underline">
            {knowledge('evaluations')}
          </Link>{' '}
          · {told.filter(Boolean).join(' · ')}
        </>
      }
      actions={
        <>
          <Button aria-haspopup="dialog" onClick={() => setAsking('new')}>{say('new')}</Button>
          <Button aria-haspopup="dialog" onClick={() => setAsking('delete')}>{common('delete')}</Button>
        </>
      }
    >
      <Tabs
        label={evaluation.name}
        value={tab}
        options={[
          { value: 'runs', label: say('runs') },
          { value: 'questions', label: knowledge('questionsTab') },
        ]}
        onChange={(next) =>
          void navigate({ to: '/knowledge/evaluations/$evaluationId', params: { evaluationId: evaluation.id }, search: { tab: next } })
        }
      >
        {tab === 'runs' && <EvaluationRuns evaluation={evaluation} />}
        {tab === 'questions' && <Questions evaluation={evaluation} />}
      </Tabs>
      <Dialog open={asking === 'new'} title={say('new')} onClose={() => setAsking(null)}>
        <UploadQuestions of={evaluation} onKept={() => void kept()} onDone={() => setAsking(null)} />
      </Dialog>
      <Confirm
        open={asking === 'delete'}
        title={say('delete')}
        action={common('delete')}
        busy={remove.isPending}
        error={remove.error}
        onDone={() => remove.mutate()}
        onClose={() => setAsking(null)}
      >
        {say('deleteHint', { n: time.number(evaluation.question_count) })}
      </Confirm>
    </Page>
  )
}

function Questions({ evaluation }: { evaluation: EvaluationOut }) {
  const say = useEvaluationWords()
  const languageOf = useLanguageName()
  const knowledge = useKnowledgeWords()
  const rows = useRows(['evaluation-questions', evaluation.id, evaluation.version], async (cursor) => {
    const path = { evaluation_id: evaluation.id }
    return (await listEvaluationQuestions({ path, query: { cursor }, throwOnError: true })).data
  })
  const columns: Column<QuestionOut>[] = [
    { name: '№', cell: (row) => row.position, numeric: true },
    { name: knowledge('questionsTab'), cell: (row) => row.question },
    { name: knowledge('language'), cell: (row) => (row.language ? languageOf(row.language) : '–') },
    { name: say('document'), cell: (row) => <ExpectedDocuments expected={row.expected} /> },
  ]
  return <Table caption={evaluation.name} columns={columns} rows={rows} keyOf={(row) => row.id} empty={<Empty title={say('none')} />} />
}

export function ExpectedDocuments({ expected }: { expected: QuestionOut['expected'] }) {
  const say = useEvaluationWords()
  if (expected.length === 0) return <span className="text-soft">{say('expectedNothing')}</span>
  return (
    <ul>
      {expected.map((one) => (
        <li key={one.document} className="break-words">
          {one.document} <span className="text-xs text-soft">{say('grade', { n: one.grade })}</span>
        </li>
      ))}
    </ul>
  )
}
