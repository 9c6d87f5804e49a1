import { useNavigate } from '@tanstack/react-router'
import { Page } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Ask } from './ask'
import { Documents } from './documents'
import { Evaluations } from './evaluations'
import { KnowledgeSettings } from './settings'
import { useKnowledgeWords } from './words'

const TABS = ['documents', 'ask', 'evaluations', 'settings'] as const

export function KnowledgePage() {
  const say = useKnowledgeWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const tab = useTab(TABS)
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })}>
      <Tabs
        label={say('title')}
        value={tab}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/knowledge', search: { tab: next } })}
      >
        {tab === 'documents' && <Documents />}
        {tab === 'ask' && <Ask />}
        {tab === 'evaluations' && <Evaluations />}
        {tab === 'settings' && <KnowledgeSettings />}
      </Tabs>
    </Page>
  )
}
