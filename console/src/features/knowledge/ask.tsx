import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { answerQuestion, searchKnowledge } from '@/api/generated/sdk.gen'
import type { SearchHit } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Badge, Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useKnowledgeWords } from './words'

const TONES = { answer: 'good', confirm: 'warn', unknown: 'bad' } as const

/** The ask box: the answer with its quotations, and the passages with their scores. */
export function Ask() {
  const say = useKnowledgeWords()
  const language = useLanguage()
  const [question, setQuestion] = useState('')
  const asked = useMutation({
    mutationFn: async (text: string) => {
      const [answer, search] = await Promise.all([
        answerQuestion({ body: { question: text, language }, throwOnError: true }),
        searchKnowledge({ query: { q: text }, throwOnError: true }),
      ])
      return { answer: answer.data, search: search.data }
    },
  })
  const ask = (event: FormEvent) => {
    event.preventDefault()
    if (question.trim()) asked.mutate(question.trim())
  }
  return (
    <div className="flex flex-col gap-4">
      <form onSubmit={ask} className="flex max-w-2xl items-start gap-2">
        <div className="flex-1">
          <TextField
            label={say('question')}
            hint={say('askHint')}
            value={question}
            required
            maxLength={2000}
            onChange={(event) => setQuestion(event.target.value)}
          />
        </div>
        <Button type="submit" kind="primary" busy={asked.isPending} className="mt-6">
          {say('ask')}
        </Button>
      </form>
      {asked.isError && <Refused error={asked.error} />}
      {asked.data && (
        <div className="grid items-start gap-4 lg:grid-cols-2" aria-live="polite">
          <Panel title={say('answer')}>
            <p className="mb-2">
              <Badge tone={TONES[asked.data.answer.known]}>{say(`known_${asked.data.answer.known}`)}</Badge>
            </p>
            <p className="whitespace-pre-line">{asked.data.answer.answer}</p>
            <ul className="mt-3 flex flex-col gap-2 text-sm">
              {asked.data.answer.citations.map((one) => (
                <li key={one.number} className="rounded-lg bg-sunken p-2">
                  [{one.number}] {one.title}: “{one.quote}”
                </li>
              ))}
            </ul>
            {asked.data.answer.degraded && <p className="mt-2 text-sm text-warn">{say('degraded')}</p>}
          </Panel>
          <Panel title={say('sources')}>
            <ol className="flex flex-col gap-3 text-sm">
              {asked.data.search.hits.map((hit) => (
                <Hit key={hit.chunk_id} hit={hit} />
              ))}
            </ol>
          </Panel>
        </div>
      )}
    </div>
  )
}

function Hit({ hit }: { hit: SearchHit }) {
  const say = useKnowledgeWords()
  const time = useTime()
  return (
    <li className="rounded-lg border border-line p-3">
      <p className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">{hit.title}</span>
        <Badge>{say('score', { n: time.number(hit.score, { maximumFractionDigits: 3 }) })}</Badge>
      </p>
      <p className="text-xs text-soft">
        {[hit.section, hit.page !== null && hit.page !== undefined && say('page', { n: hit.page })].filter(Boolean).join(' · ')}
      </p>
      <p className="mt-1">{highlighted(hit)}</p>
    </li>
  )
}

function highlighted({ text, highlights }: SearchHit) {
  const characters = Array.from(text)
  const parts = []
  let at = 0
  for (const [start, end] of highlights as [number, number][]) {
    parts.push(characters.slice(at, start).join(''))
    parts.push(
      <mark key={start} className="rounded bg-mark text-ink">
        {characters.slice(start, end).join('')}
      </mark>,
    )
    at = end
  }
  parts.push(characters.slice(at).join(''))
  return parts
}
