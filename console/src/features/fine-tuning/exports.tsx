import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { listFinetuneExportsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { ExportCard } from './export-card'
import { NewExport } from './new-export'
import { useFineTuningWords } from './words'

const LOOK_AGAIN_MS = 2_000

export function Exports() {
  const say = useFineTuningWords()
  const [asking, setAsking] = useState(false)
  const query = useQuery({
    ...listFinetuneExportsOptions(),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.status === 'queued') ? LOOK_AGAIN_MS : false),
  })
  const ask = (
    <Button kind="primary" aria-haspopup="dialog" onClick={() => setAsking(true)}>
      {say('ask')}
    </Button>
  )
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <p className="max-w-prose text-sm text-soft">{say('exportsHint')}</p>
        {(query.data?.items.length ?? 0) > 0 && ask}
      </div>
      <Loaded query={query} lines={6}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('exportsNone')} action={ask}>
              {say('exportsNoneHint')}
            </Empty>
          ) : (
            <ul className="flex flex-col gap-4">
              {items.map((one, n) => (
                <ExportCard key={one.id} one={one} open={n === 0} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <WhatThen />
      <Dialog open={asking} title={say('ask')} onClose={() => setAsking(false)}>
        <NewExport onDone={() => setAsking(false)} />
      </Dialog>
    </div>
  )
}

function WhatThen() {
  const say = useFineTuningWords()
  return (
    <Panel title={say('after')}>
      <p className="max-w-prose text-sm text-soft">{say('afterHint')}</p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button asChild>
          <Link to="/agents">{say('afterAgent')}</Link>
        </Button>
        <Button asChild>
          <Link to="/usage" search={{ tab: 'rates' }}>
            {say('afterRates')}
          </Link>
        </Button>
      </div>
    </Panel>
  )
}
