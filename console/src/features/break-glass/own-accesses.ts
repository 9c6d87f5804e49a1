import { listBreakGlassOptions } from '@/api/generated/@tanstack/react-query.gen'

/** One's own accesses, newest first; three may stand at a time, so the newest of them are all that matter. */
export const OWN_ACCESSES = listBreakGlassOptions({ query: { limit: 50 } })
