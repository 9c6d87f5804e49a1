import { useNavigate } from '@tanstack/react-router'
import { Page } from '@/ui/page'
import { Tabs, useTab } from '@/ui/tabs'
import { ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Calls } from './calls'
import { Carriers } from './carriers'
import { Lines } from './lines'
import { usePhoneWords } from './words'

const TABS = ['lines', 'calls', 'carriers'] as const

export function PhonePage() {
  const say = usePhoneWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const tab = useTab(TABS)
  return (
    <Page title={say('title')} hint={`${say('hint')} ${common('zone', { zone: ZONE })}`}>
      <Tabs
        label={say('title')}
        value={tab}
        options={TABS.map((value) => ({ value, label: say(value) }))}
        onChange={(next) => void navigate({ to: '/phone', search: { tab: next } })}
      >
        {tab === 'lines' && <Lines />}
        {tab === 'calls' && <Calls />}
        {tab === 'carriers' && <Carriers />}
      </Tabs>
    </Page>
  )
}
