import { useEffect, useState } from 'react'
import type { AccessOut } from '@/api/generated/types.gen'

/** Seconds until an access ends, told anew every second; 0 where it is over. */
export function useTimeLeft(access: AccessOut | undefined): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const beat = window.setInterval(() => setNow(Date.now()), 1_000)
    return () => window.clearInterval(beat)
  }, [])
  if (!access || access.revoked_at) return 0
  return Math.max(0, Math.ceil((new Date(access.expires_at).getTime() - now) / 1_000))
}

export const stands = (access: AccessOut) => !access.revoked_at && new Date(access.expires_at) > new Date()
