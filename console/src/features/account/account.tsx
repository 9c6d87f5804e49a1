import { Export } from '@/features/patients/export'
import { useMe } from '@/session/session'
import { Page } from '@/ui/page'
import { ZONE } from '@/ui/time'
import { useCommonWords } from '@/ui/words'
import { PasswordPanel } from './password'
import { Privacy } from './privacy'
import { ProfilePanel } from './profile'
import { RecoveryCodes } from './recovery-codes'
import { SecondFactor } from './second-factor'
import { Sessions } from './sessions'
import { useAccountWords } from './words'

export function Account() {
  const say = useAccountWords()
  const common = useCommonWords()
  const { patient_id: patientId, member_id: memberId, second_factor: secondFactor } = useMe()
  return (
    <Page title={say('title')} hint={common('zone', { zone: ZONE })}>
      {patientId !== null && <Privacy patientId={patientId} />}
      {patientId !== null && <Export patientId={patientId} />}
      {memberId !== null && <ProfilePanel />}
      <Sessions />
      <div className="grid gap-4 md:grid-cols-2">
        <PasswordPanel />
        <SecondFactor />
        {secondFactor && <RecoveryCodes />}
      </div>
    </Page>
  )
}
