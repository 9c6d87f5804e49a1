import { useNavigate, useSearch } from '@tanstack/react-router'
import { listEvaluationResults } from '@/api/generated/sdk.gen'
import type { AuricleKnowledgeEvaluationSchemasRunOut as Run, ResultOut, Verdict } from '@/api/generated/types.gen'
import { SelectField } from '@/ui/field'
import { Badge, type Tone } from '@/ui/page'
import { Empty, Refused, Skeleton } from '@/ui/states'
import { More, useRows } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { ExpectedDocuments } from './evaluation'
import { useEvaluationWords } from './evaluation-words'

const TONES: Record<Verdict, Tone> = {
  found: 'good',
  rightly_refused: 'good',
  unanswered: 'warn',
  not_found: 'warn',
  wrongly_answered: 'bad',
}
const VERDICTS = Object.keys(TONES) as Verdict[]

export function EvaluationResults({ run }: { run: Run }) {
  const say = useEvaluationWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { verdict } = useSearch({ strict: false }) as { verdict?: Verdict }
  const path = { evaluation_id: run.evaluation_id, evaluation_run_id: run.id }
  const rows = useRows(['evaluation-results', run.id, verdict], async (cursor) => {
    return (await listEvaluationResults({ path, query: { cursor, verdict }, throwOnError: true })).data
  })
  const counted = (one: Verdict) => (run.totals ? ` (${run.totals.verdicts[one] ?? 0})` : '')
  const all = rows.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <div className="flex flex-col gap-4">
      <div className="max-w-xs">
        <SelectField
          label={say('filter')}
          value={verdict ?? ''}
          onChange={(event) =>
            void navigate({
              to: '/knowledge/evaluations/$evaluationId/runs/$runId',
              params: { evaluationId: run.evaluation_id, runId: run.id },
              search: { tab: 'results', verdict: event.target.value || undefined },
            })
          }
          options={[
            { value: '', label: say('verdict_all') },
            ...VERDICTS.map((one) => ({ value: one, label: say(`verdict_${one}`) + counted(one) })),
          ]}
        />
      </div>
      {rows.isPending && <Skeleton lines={6} />}
      {rows.isError && <Refused error={rows.error} retry={() => void rows.refetch()} />}
      {rows.data && all.length === 0 && <Empty title={common('empty')} />}
      {all.length > 0 && (
        <ol className="divide-y divide-line rounded-xl border border-line bg-panel">
          {all.map((one) => (
            <li key={one.id}>
              <Result result={one} />
            </li>
          ))}
        </ol>
      )}
      <More rows={rows} />
    </div>
  )
}

export function VerdictBadge({ verdict }: { verdict: Verdict | null }) {
  const say = useEvaluationWords()
  if (verdict === null) return <Badge>{say('verdict_none')}</Badge>
  return <Badge tone={TONES[verdict]}>{say(`verdict_${verdict}`)}</Badge>
}

function Result({ result }: { result: ResultOut }) {
  return (
    <details className="px-4">
      <summary className="flex min-h-11 cursor-pointer flex-wrap items-center gap-x-3 gap-y-1 py-3 text-sm">
        <span className="min-w-0 flex-1 basis-64 font-medium break-words" lang={result.language || undefined}>
          {result.position}. {result.question}
        </span>
        <VerdictBadge verdict={result.verdict} />
      </summary>
      <WhatCame result={result} />
    </details>
  )
}

/** What was expected of a question, what was answered and from where, and what the search found. */
export function WhatCame({ result }: { result: ResultOut }) {
  const say = useEvaluationWords()
  const time = useTime()
  const told = [
    result.known && say(`known_${result.known}`),
    result.rank !== null && say('rank', { n: result.rank }),
    result.support !== null && say('support', { n: time.number(result.support, { maximumFractionDigits: 2 }) }),
    result.wall_ms !== null && say('time', { n: time.number(Math.round(result.wall_ms)) }),
  ].filter(Boolean)
  return (
    <div className="grid gap-4 pb-4 text-sm md:grid-cols-2">
      <div className="flex flex-col gap-3">
        <div>
          <h3 className="text-soft">{say('expected')}</h3>
          <ExpectedDocuments expected={result.expected} />
        </div>
        {result.answer && (
          <div>
            <h3 className="text-soft">{say('answer')}</h3>
            <p className="whitespace-pre-line">{result.answer}</p>
          </div>
        )}
        {result.cited.length > 0 && (
          <p>
            <span className="text-soft">{say('cited')}: </span>
            {result.cited.map((one) => one.title).join(', ')}
          </p>
        )}
        <p className="text-xs text-soft">{told.join(' · ')}</p>
      </div>
      <div>
        <h3 className="text-soft">{say('inOrder')}</h3>
        {result.found.length === 0 ? (
          <p>{say('foundNone')}</p>
        ) : (
          <ol className="list-decimal pl-5">
            {result.found.map((one, n) => (
              <li key={one.document_id} className={result.rank === n + 1 ? 'font-medium text-good' : ''}>
                {one.title}
              </li>
            ))}
          </ol>
        )}
      </div>
    </div>
  )
}
