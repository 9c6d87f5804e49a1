// Who is signed in, what they may do, and the way in and out.
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { answerSecondFactor, login, logout, me as readMe, switch_ } from '@/api/generated/sdk.gen'
import type { Me, SignIn } from '@/api/generated/types.gen'
import { cookieWanted, keep, mayBeSignedIn, refreshed, whenElsewhere, whenLost, whenRefused } from './tokens'

export interface Session {
  /** `undefined` until it is known. */
  me: Me | null | undefined
  may: (...permissions: string[]) => boolean
  signIn: (login: string, password: string, organization?: string) => Promise<void>
  answerChallenge: (challenge: string, code: string) => Promise<void>
  adopt: (signIn: SignIn) => Promise<void>
  moveTo: (organization: string) => Promise<void>
  signOut: () => Promise<void>
  /** Read again who one is and what one may: a role was changed. */
  reread: () => Promise<void>
}

const Context = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(Context)
  if (session === null) throw new Error('no session around this component')
  return session
}

/** Who is signed in, below a route that only the signed in reach. */
export function useMe(): Me {
  const { me } = useSession()
  if (!me) throw new Error('nobody is signed in')
  return me
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [me, setMe] = useState<Me | null | undefined>(undefined)
  const cache = useQueryClient()

  const reread = useCallback(async () => {
    const { data } = await readMe({ throwOnError: true })
    setMe(data)
  }, [])

  const adopt = useCallback(
    async (signIn: SignIn) => {
      cache.clear() // nothing of whoever was here before
      keep(signIn.access_token)
      await reread()
    },
    [cache, reread],
  )

  useEffect(() => {
    whenLost(() => setMe(null))
    whenRefused(() => void reread().catch(() => undefined))
    whenElsewhere((signedIn) => {
      cache.clear()
      setMe(signedIn ? undefined : null) // at once: the page may show patients to whoever comes after
      if (signedIn) resume()
    })
    if (mayBeSignedIn()) resume()
    else setMe(null)

    function resume() {
      refreshed()
        .then((token) => (token === null ? setMe(null) : reread()))
        .catch(() => setMe(null))
    }
  }, [cache, reread])

  const session = useMemo<Session>(
    () => ({
      me,
      may: (...permissions) => permissions.some((one) => me?.permissions.includes(one)),
      async signIn(name, password, organization) {
        const { data } = await login({
          body: { login: name, password, organization },
          headers: cookieWanted,
          throwOnError: true,
        })
        await adopt(data)
      },
      async answerChallenge(challenge, code) {
        const { data } = await answerSecondFactor({
          body: { challenge, code },
          headers: cookieWanted,
          throwOnError: true,
        })
        await adopt(data)
      },
      adopt,
      async moveTo(organization) {
        const { data } = await switch_({ body: { organization }, headers: cookieWanted, throwOnError: true })
        await adopt(data)
      },
      async signOut() {
        await logout({ headers: cookieWanted }).catch(() => undefined)
        keep(null)
        cache.clear()
        setMe(null)
      },
      reread,
    }),
    [me, adopt, cache, reread],
  )
  return <Context value={session}>{children}</Context>
}
