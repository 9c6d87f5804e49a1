// One template: its newest version to edit, and all its versions to compare and publish.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import {
  getNoteTemplateOptions,
  getNoteTemplateVersionOptions,
  listNoteTemplateVersionsOptions,
} from '@/api/generated/@tanstack/react-query.gen'
import { removeNoteTemplate } from '@/api/generated/sdk.gen'
import type { Template, TemplateOut } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Badge, Page, PageOf } from '@/ui/page'
import { Refused } from '@/ui/states'
import { Tabs, useTab } from '@/ui/tabs'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { draftOf, titleIn } from './draft'
import { TemplateForm } from './form'
import { Outline } from './outline'
import { isOfTemplates } from './queries'
import { Versions } from './versions'
import { useTemplateWords } from './words'

export function NewTemplate() {
  const say = useTemplateWords()
  const { from = 'soap' } = useSearch({ strict: false }) as { from?: string }
  const query = useQuery(getNoteTemplateOptions({ path: { template_key: from } }))
  return (
    <PageOf query={query}>
      {({ template }) => (
        <Page title={say('add')} hint={say('newHint')}>
          <TemplateForm how="new" draft={{ ...draftOf(template), key: '', titles: {}, en: '', hi: '' }} />
        </Page>
      )}
    </PageOf>
  )
}

export function TemplatePage() {
  const { templateKey } = useParams({ strict: false }) as { templateKey: string }
  const query = useQuery(getNoteTemplateOptions({ path: { template_key: templateKey } }))
  return <PageOf query={query}>{(one) => (one.own ? <Own key={templateKey} serving={one} /> : <Shipped one={one} />)}</PageOf>
}

function Shipped({ one }: { one: TemplateOut }) {
  const say = useTemplateWords()
  const { may } = useSession()
  return (
    <Page title={useTitle(one.template)} hint={<Badge>{say('builtIn')}</Badge>}>
      {may('notes:templates') ? (
        <>
          <p className="max-w-prose text-sm text-soft">{say('shippedHint')}</p>
          <TemplateForm how="instead" draft={draftOf(one.template)} />
        </>
      ) : (
        <Outline template={one.template} />
      )}
    </Page>
  )
}

const TABS = ['edit', 'versions'] as const

function Own({ serving }: { serving: TemplateOut }) {
  const say = useTemplateWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const { key } = serving.template
  const tab = useTab(TABS)
  const versions = useQuery(listNoteTemplateVersionsOptions({ path: { template_key: key } }))
  const newest = versions.data?.versions[0]?.number
  return (
    <Page
      title={useTitle(serving.template)}
      hint={
        <span className="flex flex-wrap gap-2">
          <Badge tone="brand">{say('own')}</Badge>
          <Badge tone="good">{say('published', { n: serving.version })}</Badge>
          {newest !== undefined && newest !== serving.version && <Badge tone="warn">{say('unpublishedNewest', { n: newest })}</Badge>}
        </span>
      }
      actions={may('notes:templates') && <Remove template={serving.template} />}
    >
      <Tabs
        label={key}
        value={tab}
        onChange={(next) => void navigate({ to: '/note-templates/$templateKey', params: { templateKey: key }, search: { tab: next } })}
        options={TABS.map((value) => ({ value, label: say(value) }))}
      >
        {tab === 'versions' ? (
          <Versions templateKey={key} query={versions} />
        ) : newest === undefined ? null : (
          <Newest key={newest} templateKey={key} number={newest} />
        )}
      </Tabs>
    </Page>
  )
}

/** What is edited is the newest version, whichever serves. */
function Newest({ templateKey, number }: { templateKey: string; number: number }) {
  const { may } = useSession()
  const query = useQuery(getNoteTemplateVersionOptions({ path: { template_key: templateKey, number } }))
  if (query.isError) return <Refused error={query.error} retry={() => void query.refetch()} />
  if (!query.data) return null
  if (!may('notes:templates')) return <Outline template={query.data.template} />
  return <TemplateForm how="next" number={number} draft={draftOf(query.data.template)} />
}

function Remove({ template }: { template: Template }) {
  const say = useTemplateWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const name = useTitle(template)
  const [asking, setAsking] = useState(false)
  const remove = useMutation({
    mutationFn: () => removeNoteTemplate({ path: { template_key: template.key }, throwOnError: true }),
    onSuccess: async () => {
      tell(say('removed'))
      await navigate({ to: '/note-templates', ignoreBlocker: true })
      cache.removeQueries({ predicate: isOfTemplates, type: 'inactive' })
      await cache.invalidateQueries({ predicate: isOfTemplates })
    },
  })
  return (
    <>
      <Button asChild kind="quiet">
        <Link to="/note-templates">{common('back')}</Link>
      </Button>
      <Button aria-haspopup="dialog" onClick={() => setAsking(true)}>
        <Trash2 aria-hidden className="size-4" />
        {say('remove')}
      </Button>
      <Dialog
        open={asking}
        title={say('removeTitle', { name })}
        onClose={() => setAsking(false)}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>{common('cancel')}</Button>
            <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
              {say('remove')}
            </Button>
          </>
        }
      >
        <p className="text-sm">{say('removeHint')}</p>
        {remove.isError && <Refused error={remove.error} />}
      </Dialog>
    </>
  )
}

function useTitle(template: Template): string {
  return titleIn(template.name, useLanguage())
}
