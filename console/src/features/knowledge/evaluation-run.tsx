// One run: how far it is, what it came to, question by question, and beside an earlier one.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { getEvaluationOptions, getEvaluationRunOptions } from '@/api/generated/@tanstack/react-query.gen'
import { cancelEvaluationRun } from '@/api/generated/sdk.gen'
import type { AuricleKnowledgeEvaluationSchemasRunOut as Run } from '@/api/generated/types.gen'
import { useFailureWords } from '@/i18n/hindi'
import { Button } from '@/ui/button'
import { Page, PageOf, Panel } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { useTime, ZONE } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { Comparing } from './comparison'
import { EvaluationResults } from './evaluation-results'
import { isUnderWay, RunStatus, useNameOfRun } from './evaluation-runs'
import { useEvaluationWords } from './evaluation-words'
import { Figures } from './figures'

const LOOK_AGAIN_MS = 1_500
const TABS = ['results', 'compare', 'asked'] as const

export function EvaluationRunPage() {
  const { evaluationId, runId } = useParams({ strict: false }) as { evaluationId: string; runId: string }
  const path = { evaluation_id: evaluationId, evaluation_run_id: runId }
  const query = useQuery({
    ...getEvaluationRunOptions({ path }),
    refetchInterval: ({ state }) => (state.data && isUnderWay(state.data) ? LOOK_AGAIN_MS : false),
  })
  return <PageOf query={query}>{(run) => <Whole run={run} />}</PageOf>
}

function Whole({ run }: { run: Run }) {
  const say = useEvaluationWords()
  const failure = useFailureWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const cache = useQueryClient()
  const nameOf = useNameOfRun()
  const set = useQuery(getEvaluationOptions({ path: { evaluation_id: run.evaluation_id } }))
  const tab = useTab(TABS)
  const params = { evaluationId: run.evaluation_id, runId: run.id }
  const { asked, status } = run
  useEffect(() => {
    void cache.invalidateQueries({ queryKey: ['evaluation-results', run.id] })
    void cache.invalidateQueries({ queryKey: ['evaluation-runs', run.evaluation_id] })
  }, [cache, run.id, run.evaluation_id, asked, status])
  return (
    <Page
      title={nameOf(run)}
      hint={
        <>
          <Link to="/knowledge/evaluations/$evaluationId" params={params} className="text-brand underline">
            {set.data?.name ?? say('runs')}
          </Link>{' '}
          · {say('version', { n: run.version })} · {common('zone', { zone: ZONE })}
        </>
      }
      actions={<RunStatus run={run} />}
    >
      {isUnderWay(run) && <Progress run={run} />}
      {run.failure_code && <p className="text-sm text-bad">{say('failed', { code: failure(run.failure_code) })}</p>}
      {run.changed_under_way && <p className="text-sm text-warn">{say('changedUnderWay')}</p>}
      {run.totals && <Figures totals={run.totals} />}
      <Tabs
        label={nameOf(run)}
        value={tab}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) =>
          void navigate({ to: '/knowledge/evaluations/$evaluationId/runs/$runId', params, search: { tab: next } })
        }
      >
        {tab === 'results' && <EvaluationResults run={run} />}
        {tab === 'compare' && <Comparing run={run} />}
        {tab === 'asked' && <Asked run={run} />}
      </Tabs>
    </Page>
  )
}

function Progress({ run }: { run: Run }) {
  const say = useEvaluationWords()
  const time = useTime()
  const tell = useTell()
  const cache = useQueryClient()
  const path = { evaluation_id: run.evaluation_id, evaluation_run_id: run.id }
  const cancel = useMutation({
    mutationFn: () => cancelEvaluationRun({ path, throwOnError: true }),
    onSuccess: () => tell(say('cancelled')),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: getEvaluationRunOptions({ path }).queryKey }),
  })
  const told = say('askedOf', { asked: time.number(run.asked), all: time.number(run.question_count) })
  return (
    <Panel>
      <div className="flex flex-wrap items-center gap-4">
        <progress aria-label={told} max={run.question_count} value={run.asked} className="h-3 min-w-0 flex-1 accent-brand" />
        <span role="status" className="text-sm">
          {told}
        </span>
        <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
          {say('cancel')}
        </Button>
      </div>
    </Panel>
  )
}

/** What can change an answer, as it was when the run began. */
function Asked({ run }: { run: Run }) {
  const say = useEvaluationWords()
  const time = useTime()
  const { state } = run
  if (!state) return <p className="text-sm text-soft">{say('status_queued')}</p>
  const rows: [string, string][] = [
    [say('state_documents'), time.number(state.documents)],
    [say('state_chunks'), time.number(state.chunks)],
    [say('state_embedder'), state.embedder],
    [say('state_answered_by'), state.answered_by === 'quotation' ? say('quotation') : state.answered_by],
    [say('state_reranked_by'), state.reranked_by || '–'],
    [say('state_strictness'), state.strictness],
    [say('state_thresholds'), figuresOf(state.thresholds)],
    [say('state_weights'), figuresOf(state.weights)],
    [say('state_version'), state.version],
  ]
  return (
    <Panel>
      <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[14rem_1fr]">
        {rows.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="min-w-0 break-words max-sm:mb-2">{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}

function figuresOf(named: Record<string, number>): string {
  return Object.entries(named)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
