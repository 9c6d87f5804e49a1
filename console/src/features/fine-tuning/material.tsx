import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { getFinetuneMaterialOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { MaterialOut } from '@/api/generated/types.gen'
import { Stars } from '@/features/ratings/stars'
import { Button } from '@/ui/button'
import { Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useFineTuningWords } from './words'

/** Who agrees, what was signed, how conversations were rated. */
export function MaterialPanel() {
  const query = useQuery(getFinetuneMaterialOptions())
  return <Loaded query={query} lines={8}>{(material) => <Whole material={material} />}</Loaded>
}

/** Conversations of patients who agree, of which nobody said less than this. */
export const ratedAtLeast = ({ scores }: MaterialOut, least: number) =>
  scores.filter((one) => one.score >= least).reduce((sum, one) => sum + one.agreed_conversations, 0)

const USUAL_LEAST = 4 // what an export takes unless told otherwise

function Whole({ material }: { material: MaterialOut }) {
  const say = useFineTuningWords()
  const time = useTime()
  const figures = [
    { name: say('agree'), value: material.patients, more: '' },
    { name: say('notes'), value: material.agreed_notes, more: say('agreed') },
    { name: say('conversations'), value: ratedAtLeast(material, USUAL_LEAST), more: `${say('ratedNow', { n: USUAL_LEAST })}, ${say('agreed')}` },
  ]
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-prose text-sm text-soft">{say('materialHint')}</p>
      {material.patients === 0 && <NobodyAgrees />}
      <dl className="grid gap-4 sm:grid-cols-3">
        {figures.map((one) => (
          <div key={one.name} className="flex flex-col rounded-xl border border-line bg-panel p-4">
            <dt className="text-sm text-soft">{one.name}</dt>
            <dd className="text-2xl font-semibold tabular-nums">{time.number(one.value)}</dd>
            {one.more && <dd className="text-sm text-soft">{one.more}</dd>}
          </div>
        ))}
      </dl>
      <Panel title={say('rated')}>
        <Scores material={material} />
      </Panel>
    </div>
  )
}

export function NobodyAgrees() {
  const say = useFineTuningWords()
  return (
    <Empty
      title={say('materialNone')}
      action={
        <Button asChild>
          <Link to="/patients">{say('toPatients')}</Link>
        </Button>
      }
    >
      {say('materialNoneHint')}
    </Empty>
  )
}

const COUNTS = ['by_patients', 'by_staff', 'conversations', 'agreed_conversations'] as const

function Scores({ material }: { material: MaterialOut }) {
  const say = useFineTuningWords()
  const time = useTime()
  if (material.scores.every((one) => one.by_patients + one.by_staff === 0)) return <p className="text-sm text-soft">{say('ratedNone')}</p>
  const heads = [say('ratings'), say('ratingsStaff'), say('conversationsOf'), say('agreedShort')]
  return (
    <div className="flex flex-col gap-2">
      <p className="text-sm text-soft">{say('lowest')}</p>
      <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={say('rated')}>
        <table className="w-full text-left text-sm max-sm:text-xs">
          <caption className="sr-only">{say('rated')}</caption>
          <thead className="border-b border-line text-soft">
            <tr>
              <th scope="col" className="py-2 pr-1.5 align-bottom font-medium">
                {say('score')}
              </th>
              {heads.map((head) => (
                <th key={head} scope="col" className="px-1.5 py-2 text-right align-bottom sm:px-3 font-medium">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line tabular-nums">
            {[...material.scores].reverse().map((row) => (
              <tr key={row.score}>
                <th scope="row" className="py-2 pr-1.5 font-normal">
                  <span className="max-sm:hidden">
                    <Stars score={row.score} />
                  </span>
                  <span className="sm:hidden">{row.score} ★</span>
                </th>
                {COUNTS.map((one) => (
                  <td key={one} className="px-1.5 py-2 text-right sm:px-3">
                    {time.number(row[one])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}
