import { useQuery } from '@tanstack/react-query'
import { listEvaluationsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useKnowledgeWords } from './words'

export function Evaluations() {
  const say = useKnowledgeWords()
  const time = useTime()
  const query = useQuery(listEvaluationsOptions({ query: { limit: 50 } }))
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title={say('evaluationNone')} />
        ) : (
          <div className="grid gap-4 md:grid-cols-2">
            {items.map((one) => (
              <Panel key={one.id} title={one.name}>
                <p className="text-sm text-soft">
                  {say('questions', { n: time.number(one.question_count) })} · {time.moment(one.changed_at)}
                </p>
              </Panel>
            ))}
          </div>
        )
      }
    </Loaded>
  )
}
