import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { getNoteTemplateVersionOptions } from '@/api/generated/@tanstack/react-query.gen'
import { publishNoteTemplate } from '@/api/generated/sdk.gen'
import type { TemplateVersionRow, TemplateVersions } from '@/api/generated/types.gen'
import { MemberName } from '@/features/members/member-name'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Panel } from '@/ui/page'
import { Loaded, Refused, type Asked } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { Difference } from './difference'
import { Outline } from './outline'
import { isOfTemplates } from './queries'
import { useTemplateWords } from './words'

export function Versions({ templateKey, query }: { templateKey: string; query: Asked<TemplateVersions> }) {
  const [publishing, setPublishing] = useState<number | null>(null)
  return (
    <Panel>
      <Loaded query={query}>
        {({ published, versions }) => (
          <>
            <ol className="divide-y divide-line text-sm">
              {versions.map((one) => (
                <Version
                  key={one.number}
                  templateKey={templateKey}
                  one={one}
                  published={published}
                  onPublish={() => setPublishing(one.number)}
                />
              ))}
            </ol>
            <Publish templateKey={templateKey} number={publishing} published={published} onClose={() => setPublishing(null)} />
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function Version({
  templateKey,
  one,
  published,
  onPublish,
}: {
  templateKey: string
  one: TemplateVersionRow
  published: number | null
  onPublish: () => void
}) {
  const say = useTemplateWords()
  const time = useTime()
  const { may } = useSession()
  const [shown, setShown] = useState<'changes' | 'whole' | null>(null)
  const turn = (what: 'changes' | 'whole') => setShown(shown === what ? null : what)
  const back = published !== null && one.number < published
  return (
    <li className="flex flex-col gap-2 py-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="flex flex-wrap items-center gap-2">
          {say('ownVersion', { n: one.number })}
          {one.number === published && <Badge tone="good">{say('serving')}</Badge>}
          <span className="text-soft">
            {time.moment(one.created_at)} {one.created_by && <MemberName id={one.created_by} />}
          </span>
        </span>
        <span className="flex flex-wrap gap-2">
          {one.number > 1 && (
            <Button size="small" aria-expanded={shown === 'changes'} onClick={() => turn('changes')}>
              {say('changes', { n: one.number })}
            </Button>
          )}
          <Button size="small" aria-expanded={shown === 'whole'} onClick={() => turn('whole')}>
            {say('look', { n: one.number })}
          </Button>
          {may('notes:templates') && one.number !== published && (
            <Button size="small" kind="primary" aria-haspopup="dialog" onClick={onPublish}>
              {say(back ? 'rollBack' : 'publish', { n: one.number })}
            </Button>
          )}
        </span>
      </div>
      {shown === 'changes' && <Difference templateKey={templateKey} was={one.number - 1} now={one.number} />}
      {shown === 'whole' && <Whole templateKey={templateKey} number={one.number} />}
    </li>
  )
}

function Whole({ templateKey, number }: { templateKey: string; number: number }) {
  const query = useQuery(getNoteTemplateVersionOptions({ path: { template_key: templateKey, number } }))
  return <Loaded query={query}>{({ template }) => <Outline template={template} />}</Loaded>
}

/** Before another version serves, what it changes in the one that serves now. */
function Publish({
  templateKey,
  number,
  published,
  onClose,
}: {
  templateKey: string
  number: number | null
  published: number | null
  onClose: () => void
}) {
  const say = useTemplateWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const publish = useMutation({
    mutationFn: (wanted: number) =>
      publishNoteTemplate({ path: { template_key: templateKey, number: wanted }, throwOnError: true }),
    onSettled: () => cache.invalidateQueries({ predicate: isOfTemplates }),
  })
  const serve = (wanted: number) =>
    publish.mutate(wanted, {
      onSuccess: () => {
        onClose()
        tell(say('publishedNow', { n: wanted }), published === null ? undefined : () => publish.mutate(published))
      },
    })
  const action = say(number !== null && published !== null && number < published ? 'rollBack' : 'publish', { n: number ?? 0 })
  return (
    <Dialog
      open={number !== null}
      title={action}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common('cancel')}</Button>
          <Button kind="primary" busy={publish.isPending} onClick={() => number !== null && serve(number)}>
            {action}
          </Button>
        </>
      }
    >
      <p className="text-sm">{say('publishHint')}</p>
      {number !== null && published !== null && <Difference templateKey={templateKey} was={published} now={number} />}
      {publish.isError && <Refused error={publish.error} />}
    </Dialog>
  )
}
