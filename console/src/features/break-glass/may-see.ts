// Who looks anyway needs no glass to break: the API refuses it then.
import type { Me } from '@/api/generated/types.gen'
import { useMe } from '@/session/session'

const SHOWN = ['patients:read', 'consultations:read', 'notes:read']

/** Whether one may ask for emergency access, and has a reason to: something of a record is closed to them. */
export function mayBreakGlass({ permissions }: Me): boolean {
  return permissions.includes('break_glass:use') && !SHOWN.every((one) => permissions.includes(one))
}

export function useMayBreakGlass(): boolean {
  return mayBreakGlass(useMe())
}
