// Two runs beside each other: what changed in between, each measure, and the questions that got worse or better.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { compareEvaluationRunsOptions, listEvaluationRunsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { compareEvaluationRuns } from '@/api/generated/sdk.gen'
import type { AuricleKnowledgeEvaluationSchemasRunOut as Run, ChangedOut, ComparisonOut } from '@/api/generated/types.gen'
import { SelectField } from '@/ui/field'
import { Badge, Panel, type Tone } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { More, useRows } from '@/ui/table'
import { useTime } from '@/ui/time'
import { VerdictBadge, WhatCame } from './evaluation-results'
import { useNameOfRun } from './evaluation-runs'
import { useEvaluationWords } from './evaluation-words'
import { direction, MEASURES, useFigure } from './figures'

const STATES = [
  'answered_by',
  'chunks',
  'content',
  'documents',
  'embedder',
  'reranked_by',
  'strictness',
  'thresholds',
  'version',
  'weights',
] as const
const TONES: Record<ChangedOut['change'], Tone> = { worse: 'bad', better: 'good', removed: 'neutral', added: 'neutral' }

/** Choose a run to compare with; the choice is in the address. */
export function Comparing({ run }: { run: Run }) {
  const say = useEvaluationWords()
  const navigate = useNavigate()
  const nameOf = useNameOfRun()
  const { against } = useSearch({ strict: false }) as { against?: string }
  const query = useQuery(listEvaluationRunsOptions({ path: { evaluation_id: run.evaluation_id }, query: { limit: 50 } }))
  return (
    <Loaded query={query}>
      {({ items }) => {
        const others = items.filter((one) => one.id !== run.id && one.status === 'done')
        const earlier = others.find((one) => one.created_at < run.created_at) ?? others[0]
        const chosen = against ?? earlier?.id
        if (run.status !== 'done' || !chosen) return <p className="text-sm text-soft">{say('againstNone')}</p>
        return (
          <div className="flex flex-col gap-4">
            <div className="max-w-md">
              <SelectField
                label={say('against')}
                hint={say('againstHint')}
                value={chosen}
                onChange={(event) =>
                  void navigate({
                    to: '/knowledge/evaluations/$evaluationId/runs/$runId',
                    params: { evaluationId: run.evaluation_id, runId: run.id },
                    search: { tab: 'compare', against: event.target.value },
                  })
                }
                options={others.map((one) => ({ value: one.id, label: nameOf(one) }))}
              />
            </div>
            <Comparison run={run} against={chosen} />
          </div>
        )
      }}
    </Loaded>
  )
}

function Comparison({ run, against }: { run: Run; against: string }) {
  const say = useEvaluationWords()
  const time = useTime()
  const path = { evaluation_id: run.evaluation_id, evaluation_run_id: run.id }
  const query = useQuery(compareEvaluationRunsOptions({ path, query: { against } }))
  return (
    <Loaded query={query}>
      {(compared) => {
        const counts = { worse: compared.worse, better: compared.better, same: compared.same, added: compared.added, removed: compared.removed }
        const shown = Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, time.number(n)]))
        const changed = compared.changed_state.map((one) => {
          const known = STATES.find((name) => name === one)
          return known ? say(`state_${known}`) : one
        })
        return (
          <div className="flex flex-col gap-4">
            <p className="text-sm">
              {changed.length ? say('changedSince', { what: changed.join(', ') }) : say('nothingChanged')}
              <br />
              {say('counts', shown)}
            </p>
            <div className="grid items-start gap-4 xl:grid-cols-2">
              <MeasureTable compared={compared} />
              <ChangedQuestions run={run} against={against} />
            </div>
          </div>
        )
      }}
    </Loaded>
  )
}

function MeasureTable({ compared }: { compared: ComparisonOut }) {
  const say = useEvaluationWords()
  const figure = useFigure()
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-panel">
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{say('compare')}</caption>
        <thead className="border-b border-line text-soft">
          <tr>
            <th scope="col" className="px-3 py-3 font-medium">
              {say('measure')}
            </th>
            {(['before', 'after', 'change'] as const).map((one) => (
              <th key={one} scope="col" className="px-3 py-3 text-right font-medium">
                {say(one)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {MEASURES.map((one) => {
            const [was, is] = [compared.before.totals?.[one], compared.after.totals?.[one]]
            const difference = typeof was === 'number' && typeof is === 'number' ? is - was : null
            const better = direction(one, difference)
            const tone = better > 0 ? 'text-good' : better < 0 ? 'text-bad' : 'text-soft'
            return (
              <tr key={one}>
                <th scope="row" className="px-3 py-2 font-normal">
                  {say(one)}
                </th>
                <td className="px-3 py-2 text-right tabular-nums">{figure(one, was)}</td>
                <td className="px-3 py-2 text-right tabular-nums">{figure(one, is)}</td>
                <td className={`px-3 py-2 text-right tabular-nums ${tone}`}>
                  {figure(one, difference, true)}
                  {better !== 0 && <span className="sr-only"> {say(better > 0 ? 'better' : 'worse')}</span>}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function ChangedQuestions({ run, against }: { run: Run; against: string }) {
  const say = useEvaluationWords()
  const path = { evaluation_id: run.evaluation_id, evaluation_run_id: run.id }
  const rows = useRows(['evaluation-changes', run.id, against], async (cursor) => {
    return (await compareEvaluationRuns({ path, query: { against, cursor }, throwOnError: true })).data.questions
  })
  return (
    <Loaded query={rows}>
      {({ pages }) => {
        const all = pages.flatMap((page) => page.items)
        if (all.length === 0) return <Panel>{say('otherwise')}</Panel>
        return (
          <div className="flex flex-col gap-3">
            <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
              {all.map((one) => (
                <li key={`${one.before?.id}${one.after?.id}`}>
                  <Changed changed={one} />
                </li>
              ))}
            </ul>
            <More rows={rows} />
          </div>
        )
      }}
    </Loaded>
  )
}

function Changed({ changed }: { changed: ChangedOut }) {
  const say = useEvaluationWords()
  const { before, after, change } = changed
  const shown = after ?? before
  if (!shown) return null
  const named = change === 'added' || change === 'removed' ? (`${change}_one` as const) : change
  return (
    <details className="px-4">
      <summary className="flex min-h-11 cursor-pointer flex-wrap items-center gap-x-3 gap-y-1 py-3 text-sm">
        <Badge tone={TONES[change]}>{say(named)}</Badge>
        <span className="min-w-0 flex-1 basis-48 font-medium break-words">{shown.question}</span>
        <span className="flex flex-wrap items-center gap-1">
          {before && <VerdictBadge verdict={before.verdict} />}
          {before && after && <span aria-hidden>→</span>}
          {after && <VerdictBadge verdict={after.verdict} />}
        </span>
      </summary>
      <WhatCame result={shown} />
    </details>
  )
}
