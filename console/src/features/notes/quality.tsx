// How good drafts were, week by week and by who wrote them: what the judge said, and what clinicians still had to do.
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { getNoteQualityOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { QualityOut } from '@/api/generated/types.gen'
import { SelectField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useDeskWords } from './desk-words'
import { useMethod } from './methods'

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

type Figure = { name: Parameters<ReturnType<typeof useDeskWords>>[0]; of: (row: QualityOut) => string }

/** What the judge said and what clinicians did, apart: together they are wider than any screen. */
function Figures({ items }: { items: readonly QualityOut[] }) {
  const say = useDeskWords()
  const time = useTime()
  const share = (part: number, whole: number) =>
    whole === 0 ? '–' : time.number(part / whole, { style: 'percent', maximumFractionDigits: 1 })
  const drafts: Figure = { name: 'drafts', of: (row) => time.number(row.drafts) }
  const judged: Figure[] = [
    drafts,
    { name: 'passed', of: (row) => share(row.passed, row.drafts) },
    { name: 'completeness', of: (row) => (row.completeness === null ? '–' : share(row.completeness, 1)) },
    { name: 'statements', of: (row) => time.number(row.statements) },
    ...(['supported', 'inferred', 'unsupported', 'contradicted'] as const).map((name) => ({ name, of: (row: QualityOut) => share(row[name], row.statements) })),
  ]
  const done: Figure[] = [
    drafts,
    { name: 'signed', of: (row) => time.number(row.approved) },
    { name: 'unchanged', of: (row) => share(row.approved_unchanged, row.approved) },
    ...(['edited', 'overruled'] as const).map((name) => ({ name, of: (row: QualityOut) => share(row[name], row.statements) })),
    { name: 'changes', of: (row) => time.number(row.changes) },
  ]
  return (
    <>
      <FiguresTable title={say('judged')} hint={say('judgedHint')} items={items} figures={judged} />
      <FiguresTable title={say('byClinicians')} hint={say('byCliniciansHint')} items={items} figures={done} />
    </>
  )
}

function FiguresTable({ title, hint, items, figures }: { title: string; hint: string; items: readonly QualityOut[]; figures: readonly Figure[] }) {
  const say = useDeskWords()
  const time = useTime()
  const draftedBy = useMethod()
  return (
    <Panel title={title}>
      <p className="mb-2 max-w-prose text-sm text-soft">{hint}</p>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={title}>
        <table className="w-full text-left text-sm max-sm:block">
          <caption className="sr-only">{title}</caption>
          <thead className="border-b border-line text-soft max-sm:sr-only">
            <tr>
              <th scope="col" className="py-2 pr-3 align-bottom font-medium">
                {say('week')}
              </th>
              <th scope="col" className="px-3 py-2 align-bottom font-medium">
                {say('method')}
              </th>
              {figures.map((one) => (
                <th key={one.name} scope="col" className="px-3 py-2 text-right align-bottom font-medium">
                  {say(one.name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line max-sm:block">
            {items.map((row) => (
              <tr key={`${row.week} ${row.method} ${row.model}`} className="tabular-nums max-sm:flex max-sm:flex-col max-sm:py-3">
                <th scope="row" className="py-2 pr-3 font-medium whitespace-nowrap max-sm:py-0.5">
                  <span className="sm:hidden">{say('week')} </span>
                  {time.date(row.week)}
                </th>
                <td className="min-w-40 px-3 py-2 max-sm:px-0 max-sm:py-0.5">{draftedBy(row.method, row.model)}</td>
                {figures.map((one) => (
                  <td key={one.name} className="px-3 py-2 text-right max-sm:flex max-sm:justify-between max-sm:gap-3 max-sm:px-0 max-sm:py-0.5">
                    <span aria-hidden className="text-soft sm:hidden">
                      {say(one.name)}
                    </span>
                    {one.of(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
