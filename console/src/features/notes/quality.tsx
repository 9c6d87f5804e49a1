// How good drafts were, week by week and by who wrote them: what the judge said, and what clinicians still had to do.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { getNoteQualityOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { QualityOut } from '@/api/generated/types.gen'
import { SelectField } from '@/ui/field'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useDeskWords } from './desk-words'

const WEEKS = [4, 12, 26, 52, 104]

export function Quality() {
  const say = useDeskWords()
  const navigate = useNavigate()
  const { weeks = '12' } = useSearch({ strict: false }) as { weeks?: string }
  const query = useQuery(getNoteQualityOptions({ query: { weeks: Number(weeks) || 12 } }))
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-prose text-sm text-soft">{say('qualityHint')}</p>
      <div className="max-w-56">
        <SelectField
          label={say('weeks')}
          value={weeks}
          onChange={(event) => void navigate({ to: '.', search: (before: object) => ({ ...before, weeks: event.target.value }) })}
          options={WEEKS.map((n) => ({ value: String(n), label: say('weeksLast', { n }) }))}
        />
      </div>
      <Loaded query={query} lines={6}>
        {({ items }) => (items.length === 0 ? <Empty title={say('qualityNone')} /> : <Figures items={items} />)}
      </Loaded>
    </div>
  )
}

const STATEMENTS = ['supported', 'inferred', 'unsupported', 'contradicted', 'edited', 'overruled'] as const

function Figures({ items }: { items: readonly QualityOut[] }) {
  const say = useDeskWords()
  const time = useTime()
  const share = (part: number, whole: number) =>
    whole === 0 ? '–' : time.number(part / whole, { style: 'percent', maximumFractionDigits: 1 })
  const heads = [
    ...(['week', 'method', 'drafts', 'passed', 'completeness', 'statements'] as const),
    ...STATEMENTS,
    ...(['signed', 'unchanged', 'changes'] as const),
  ]
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-panel" tabIndex={0} role="region" aria-label={say('quality')}>
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{say('quality')}</caption>
        <thead className="border-b border-line text-soft">
          <tr>
            {heads.map((one, n) => (
              <th key={one} scope="col" className={`px-3 py-3 align-bottom font-medium ${n > 1 ? 'text-right' : 'whitespace-nowrap'}`}>
                {say(one)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {items.map((row) => (
            <tr key={`${row.week} ${row.method} ${row.model}`} className="tabular-nums">
              <th scope="row" className="px-3 py-3 font-normal whitespace-nowrap">
                {time.date(`${row.week}T12:00:00Z`)}
              </th>
              <td className="min-w-40 px-3 py-3">{[row.method, row.model].filter(Boolean).join(', ')}</td>
              <Cell>{time.number(row.drafts)}</Cell>
              <Cell>{share(row.passed, row.drafts)}</Cell>
              <Cell>{row.completeness === null ? '–' : share(row.completeness, 1)}</Cell>
              <Cell>{time.number(row.statements)}</Cell>
              {STATEMENTS.map((one) => (
                <Cell key={one}>{share(row[one], row.statements)}</Cell>
              ))}
              <Cell>{time.number(row.approved)}</Cell>
              <Cell>{share(row.approved_unchanged, row.approved)}</Cell>
              <Cell>{time.number(row.changes)}</Cell>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cell({ children }: { children: string }) {
  return <td className="px-3 py-3 text-right">{children}</td>
}
