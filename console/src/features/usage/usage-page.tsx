// What was used, what it cost, what it may cost, and by which prices.
import { useNavigate } from '@tanstack/react-router'
import { useSession, type Session } from '@/session/session'
import { Page } from '@/ui/page'
import { Empty } from '@/ui/states'
import { Tabs, useTab } from '@/ui/tabs'
import { ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { Budgets } from './budgets'
import { ExchangeRates } from './exchange-rates'
import { Figures } from './figures'
import { Lines } from './lines'
import { Rates } from './rates'
import { Recomputations } from './recomputations'
import { useUsageWords } from './words'

const TABS = [
  { value: 'figures', needs: 'usage:read', shown: Figures },
  { value: 'lines', needs: 'usage:read', shown: Lines },
  { value: 'budgets', needs: 'usage:read', shown: Budgets },
  { value: 'rates', needs: 'rates:read', shown: Rates },
  { value: 'exchangeRates', needs: 'rates:read', shown: ExchangeRates },
  { value: 'recomputations', needs: 'usage:read', shown: Recomputations },
] as const

export function UsagePage() {
  const say = useUsageWords()
  const common = useCommonWords()
  const navigate = useNavigate()
  const { may } = useSession()
  const open = opened(may)
  const tab = useTab(open.map(({ value }) => value))
  const present = open.find((one) => one.value === tab)
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })} wide>
      {present === undefined ? (
        <Empty title={common('notAllowed')} />
      ) : (
        <Tabs
          label={say('title')}
          value={present.value}
          options={open.map(({ value }) => ({ value, label: say(value) }))}
          onChange={(next) => void navigate({ to: '/usage', search: { tab: next } })}
        >
          <present.shown />
        </Tabs>
      )}
    </Page>
  )
}

function opened(may: Session['may']) {
  return TABS.filter((one) => may(one.needs))
}
