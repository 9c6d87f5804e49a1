import { useQuery } from '@tanstack/react-query'
import type { UseFormRegisterReturn } from 'react-hook-form'
import { listBuiltInToolsOptions, listToolsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { CheckField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { useAgentWords } from './words'

/** What an agent may do: ours, the organization's own, and what it has chosen that is neither any more. */
export function ToolChoice({ chosen, field }: { chosen: readonly string[]; field: UseFormRegisterReturn }) {
  const say = useAgentWords()
  const builtIn = useQuery(listBuiltInToolsOptions()).data ?? []
  const own = (useQuery(listToolsOptions()).data ?? []).flatMap((tool) => tool.offers)
  const offered = new Set([...builtIn, ...own].map((one) => one.name))
  const gone = chosen.filter((name) => !offered.has(name))
  return (
    <Panel title={say('tools')} className="flex flex-col">
      <p className="mb-3 text-sm text-soft">{say('toolsHint')}</p>
      <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {[...gone, ...builtIn.map((one) => one.name)].map((name) => (
          <CheckField key={name} label={name.replaceAll('_', ' ')} value={name} {...field} />
        ))}
      </div>
      {own.length > 0 && (
        <>
          <h3 className="mt-5 mb-3 text-sm font-semibold">{say('toolsOwn')}</h3>
          <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
            {own.map(({ name, description }) => (
              <CheckField key={name} label={name.replaceAll('_', ' ')} hint={description} value={name} {...field} />
            ))}
          </div>
        </>
      )}
    </Panel>
  )
}
