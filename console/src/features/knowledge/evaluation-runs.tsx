import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { listEvaluationRuns, runEvaluation } from '@/api/generated/sdk.gen'
import type { AuricleKnowledgeEvaluationSchemasRunOut as Run, EvaluationOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { CheckField, TextField } from '@/ui/field'
import { Badge, Panel, type Tone } from '@/ui/page'
import { Empty, Refused } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useUnsaved } from '@/ui/unsaved'
import { useEvaluationWords } from './evaluation-words'

const TONES: Record<Run['status'], Tone> = { queued: 'neutral', running: 'brand', done: 'good', failed: 'bad', cancelled: 'warn' }
export const isUnderWay = (run: Run) => run.status === 'queued' || run.status === 'running'

export function EvaluationRuns({ evaluation }: { evaluation: EvaluationOut }) {
  const say = useEvaluationWords()
  const time = useTime()
  const nameOf = useNameOfRun()
  const order = useOrder(['created_at'], '-created_at')
  const rows = useRows(['evaluation-runs', evaluation.id, order.sort], async (cursor) => {
    const path = { evaluation_id: evaluation.id }
    return (await listEvaluationRuns({ path, query: { cursor, sort: order.sort }, throwOnError: true })).data
  })
  const percent = (share: number | null | undefined) =>
    typeof share === 'number' ? time.number(share, { style: 'percent' }) : '–'
  const columns: Column<Run>[] = [
    { name: say('run'), cell: nameOf, sort: 'created_at' },
    { name: say('status'), cell: (row) => <RunStatus run={row} /> },
    { name: say('answered'), numeric: true, cell: (row) => percent(row.totals?.answered) },
    { name: say('wrongly_answered'), numeric: true, cell: (row) => percent(row.totals?.wrongly_answered) },
    { name: say('rightly_refused'), numeric: true, cell: (row) => percent(row.totals?.rightly_refused) },
  ]
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[1fr_20rem]">
      <Table
        order={order}
        caption={say('runs')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({
          to: '/knowledge/evaluations/$evaluationId/runs/$runId',
          params: { evaluationId: evaluation.id, runId: row.id },
        })}
        empty={<Empty title={say('runsNone')}>{say('askHint')}</Empty>}
      />
      <Panel title={say('ask')} className="max-lg:order-first">
        <AskAll evaluation={evaluation} />
      </Panel>
    </div>
  )
}

function AskAll({ evaluation }: { evaluation: EvaluationOut }) {
  const say = useEvaluationWords()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [label, setLabel] = useState('')
  useUnsaved(label !== '')
  const [withModel, setWithModel] = useState(false)
  const [rerank, setRerank] = useState(false)
  const run = useMutation({
    mutationFn: () =>
      runEvaluation({
        path: { evaluation_id: evaluation.id },
        body: { label: label.trim(), with_model: withModel, rerank },
        throwOnError: true,
      }),
    onSuccess: async ({ data }) => {
      await cache.invalidateQueries({ queryKey: ['evaluation-runs', evaluation.id] })
      await navigate({
        to: '/knowledge/evaluations/$evaluationId/runs/$runId',
        params: { evaluationId: evaluation.id, runId: data.id },
        ignoreBlocker: true,
      })
    },
  })
  const ask = (event: FormEvent) => {
    event.preventDefault()
    run.mutate()
  }
  return (
    <form onSubmit={ask} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('askHint')}</p>
      <TextField
        label={say('label')}
        hint={say('labelHint')}
        maxLength={100}
        value={label}
        onChange={(event) => setLabel(event.target.value)}
      />
      <CheckField
        label={say('withModel')}
        hint={say('withModelHint')}
        checked={withModel}
        onChange={(event) => setWithModel(event.target.checked)}
      />
      <CheckField label={say('rerank')} hint={say('rerankHint')} checked={rerank} onChange={(event) => setRerank(event.target.checked)} />
      {run.isError && <Refused error={run.error} />}
      <Button type="submit" kind="primary" busy={run.isPending}>
        {say('ask')}
      </Button>
    </form>
  )
}

export function RunStatus({ run }: { run: Run }) {
  const say = useEvaluationWords()
  return <Badge tone={TONES[run.status]}>{say(`status_${run.status}`)}</Badge>
}

export function useNameOfRun(): (run: Run) => string {
  const say = useEvaluationWords()
  const time = useTime()
  return (run) => run.label || say('unnamed', { when: time.moment(run.created_at) })
}
