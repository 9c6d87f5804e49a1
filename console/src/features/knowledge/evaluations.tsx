// Sets of questions with the documents that answer them: to see whether the knowledge does what it should.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { listEvaluations } from '@/api/generated/sdk.gen'
import type { EvaluationOut } from '@/api/generated/types.gen'
import { useLanguageName } from '@/i18n/language-names'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Empty } from '@/ui/states'
import { useOrder } from '@/ui/sorting'
import { Table, useRows, type Column } from '@/ui/table'
import { useTime } from '@/ui/time'
import { useEvaluationWords } from './evaluation-words'
import { useKnowledgeWords } from './words'
import { UploadQuestions } from './upload-questions'

export function Evaluations() {
  const say = useEvaluationWords()
  const languageOf = useLanguageName()
  const knowledge = useKnowledgeWords()
  const time = useTime()
  const cache = useQueryClient()
  const [adding, setAdding] = useState(false)
  const order = useOrder(['name', 'changed_at', 'created_at'], '-created_at')
  const rows = useRows(['evaluations', order.sort], async (cursor) => (await listEvaluations({ query: { cursor, sort: order.sort }, throwOnError: true })).data)
  const columns: Column<EvaluationOut>[] = [
    { name: say('name'), cell: (row) => row.name, sort: 'name' },
    { name: knowledge('questionsTab'), numeric: true, cell: (row) => time.number(row.question_count) },
    { name: knowledge('collection'), cell: (row) => [row.collection, row.only_language && languageOf(row.only_language)].filter(Boolean).join(' · ') || '–' },
    { name: say('changed'), cell: (row) => time.moment(row.changed_at), sort: 'changed_at' },
  ]
  const add = (
    <Button aria-haspopup="dialog" kind="primary" onClick={() => setAdding(true)}>
      {say('add')}
    </Button>
  )
  return (
    <div className="flex flex-col gap-4">
      {(rows.data?.pages[0]?.items.length ?? 0) > 0 && <div>{add}</div>}
      <Table
        order={order}
        caption={knowledge('evaluations')}
        columns={columns}
        rows={rows}
        keyOf={(row) => row.id}
        to={(row) => ({ to: '/knowledge/evaluations/$evaluationId', params: { evaluationId: row.id } })}
        empty={
          <Empty title={say('none')} action={add}>
            {say('noneHint')}
          </Empty>
        }
      />
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <UploadQuestions
          onKept={() => void cache.invalidateQueries({ queryKey: ['evaluations'] })}
          onDone={() => setAdding(false)}
        />
      </Dialog>
    </div>
  )
}
