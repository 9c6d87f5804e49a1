// The kinds of notes an organization writes, and how they are written.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { listNoteTemplatesOptions } from '@/api/generated/@tanstack/react-query.gen'
import type { TemplateRow } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { SelectField } from '@/ui/field'
import { Badge, Page } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { Tabs, useTab } from '@/ui/tabs'
import { titleIn } from './draft'
import { NoteSettings } from './settings'
import { useTemplateWords } from './words'

const TABS = ['templates', 'settings'] as const

export function NoteTemplates() {
  const say = useTemplateWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const [adding, setAdding] = useState(false)
  const tab = useTab(TABS)
  const query = useQuery(listNoteTemplatesOptions())
  return (
    <Page
      title={say('title')}
      hint={say('titleHint')}
      actions={may('notes:templates') && <Button aria-haspopup="dialog" onClick={() => setAdding(true)}>{say('add')}</Button>}
    >
      <Tabs
        label={say('title')}
        value={tab}
        onChange={(next) => void navigate({ to: '/note-templates', search: { tab: next } })}
        options={TABS.map((value) => ({ value, label: say(value) }))}
      >
        {tab === 'settings' ? (
          <NoteSettings />
        ) : (
          <Loaded query={query} lines={6}>
            {(all) => <List all={all} />}
          </Loaded>
        )}
      </Tabs>
      <Dialog open={adding} title={say('add')} onClose={() => setAdding(false)}>
        <Choose all={query.data ?? []} />
      </Dialog>
    </Page>
  )
}

function List({ all }: { all: readonly TemplateRow[] }) {
  const say = useTemplateWords()
  const language = useLanguage()
  return (
    <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
      {all.map((one) => (
        <li key={one.key} className="flex min-w-0 flex-col gap-2 rounded-xl border border-line bg-panel p-4">
          <Link
            to="/note-templates/$templateKey"
            params={{ templateKey: one.key }}
            className="py-1 font-medium break-words text-brand underline-offset-4 hover:underline"
          >
            {titleIn(one.name, language)}
          </Link>
          <p className="font-mono text-xs break-all text-soft">{one.key}</p>
          <p className="mt-auto flex flex-wrap items-center gap-2 text-sm text-soft">
            <Badge tone={one.own ? 'brand' : 'neutral'}>{say(one.own ? 'own' : 'builtIn')}</Badge>
            {one.own && <Badge tone="good">{say('ownVersion', { n: one.version })}</Badge>}
            {one.specialty}
          </p>
        </li>
      ))}
    </ul>
  )
}

/** What a new template begins as; it is made when its form is saved, not before. */
function Choose({ all }: { all: readonly TemplateRow[] }) {
  const say = useTemplateWords()
  const language = useLanguage()
  const navigate = useNavigate()
  const [from, setFrom] = useState(all[0]?.key ?? 'soap')
  return (
    <div className="flex flex-col gap-4">
      <SelectField
        label={say('choose')}
        hint={say('chooseHint')}
        value={from}
        onChange={(event) => setFrom(event.target.value)}
        options={all.map((one) => ({ value: one.key, label: titleIn(one.name, language) }))}
      />
      <Button kind="primary" onClick={() => void navigate({ to: '/note-templates/new', search: { from } })}>
        {say('add')}
      </Button>
    </div>
  )
}
