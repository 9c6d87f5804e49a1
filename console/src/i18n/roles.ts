import { words } from '@/i18n'

const useRoleWords = words(
  'roles',
  { clinician: 'clinician', org_admin: 'administrator', patient: 'patient', platform_admin: 'platform administrator', staff: 'staff' },
  { clinician: 'चिकित्सक', org_admin: 'व्यवस्थापक', patient: 'मरीज़', platform_admin: 'मंच व्यवस्थापक', staff: 'कर्मचारी' },
)

const BUILT_IN = ['clinician', 'org_admin', 'patient', 'platform_admin', 'staff'] as const

/** A role's name for people: a built-in one in the reader's language, one of an organization's own as it was named. */
export function useRoleName(): (role: string) => string {
  const say = useRoleWords()
  return (role) => {
    const known = BUILT_IN.find((one) => one === role)
    return known ? say(known) : role
  }
}
