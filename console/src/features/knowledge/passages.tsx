// A document as agents find and quote it: its passages, one after the other.
import { listChunks } from '@/api/generated/sdk.gen'
import { Empty, Loaded } from '@/ui/states'
import { More, useRows } from '@/ui/table'
import { useKnowledgeWords } from './words'

export function Passages({ documentId, language }: { documentId: string; language: string }) {
  const say = useKnowledgeWords()
  const rows = useRows(['knowledge', 'passages', documentId], async (cursor) => {
    const path = { document_id: documentId }
    return (await listChunks({ path, query: { cursor, limit: 50 }, throwOnError: true })).data
  })
  return (
    <Loaded query={rows} lines={6}>
      {({ pages }) => {
        const all = pages.flatMap((page) => page.items)
        if (all.length === 0) return <Empty title={say('passagesNone')} />
        return (
          <div className="flex flex-col gap-3">
            <ol tabIndex={0} aria-label={say('passages')} className="flex max-h-[60dvh] flex-col gap-3 overflow-y-auto">
              {all.map((one) => (
                <li key={one.id} className="rounded-lg bg-sunken p-3 text-sm">
                  <p className="mb-1 flex flex-wrap gap-x-3 text-xs text-soft">
                    <span className="tabular-nums">{one.position + 1}</span>
                    {one.section && <span className="min-w-0 break-words">{one.section}</span>}
                    {one.page !== null && <span>{say('page', { n: one.page })}</span>}
                  </p>
                  <p lang={language} className="break-words whitespace-pre-line">
                    {one.text}
                  </p>
                </li>
              ))}
            </ol>
            <More rows={rows} />
          </div>
        )
      }}
    </Loaded>
  )
}
