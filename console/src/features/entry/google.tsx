import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { asProblem } from '@/api/client'
import { serviceInformationOptions } from '@/api/generated/@tanstack/react-query.gen'
import { beginGoogleSignIn, finishGoogleSignIn } from '@/api/generated/sdk.gen'
import { useSession } from '@/session/session'
import { cookieWanted } from '@/session/tokens'
import { Button } from '@/ui/button'
import { Refused, Skeleton } from '@/ui/states'
import { Frame } from './frame'
import { SecondStep } from './second-step-later'
import { useEntryWords } from './words'

const FLOW = 'auricle.google-flow' // a one-time value that proves it is the same browser that comes back; no token

export function GoogleButton() {
  const say = useEntryWords()
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const { data: service } = useQuery(serviceInformationOptions())
  const go = async () => {
    setBusy(true)
    try {
      const { data } = await beginGoogleSignIn({ body: {}, throwOnError: true })
      sessionStorage.setItem(FLOW, data.flow)
      window.location.assign(data.url)
    } catch (refused) {
      setError(refused)
      setBusy(false)
    }
  }
  if (!service?.google_sign_in) return null
  return (
    <>
      <Button busy={busy} onClick={() => void go()}>
        {say('google')}
      </Button>
      {error !== null && <Refused error={error} />}
    </>
  )
}

/** Where Google sends the browser back to. */
export function GoogleReturn() {
  const say = useEntryWords()
  const { adopt } = useSession()
  const { state, code } = useSearch({ strict: false }) as { state?: string; code?: string }
  const [error, setError] = useState<unknown>(null)
  const [challenge, setChallenge] = useState<string | null>(null)
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    const flow = sessionStorage.getItem(FLOW) ?? ''
    sessionStorage.removeItem(FLOW)
    finishGoogleSignIn({
      body: { flow, state: String(state), code: String(code) },
      headers: cookieWanted,
      throwOnError: true,
    })
      .then(({ data }) => adopt(data))
      .catch((refused: unknown) => {
        const problem = asProblem(refused)
        if (problem.code === 'authentication.second_factor_required') setChallenge(String(problem.context.challenge))
        else setError(refused)
      })
  }, [adopt, code, state])
  if (challenge !== null) return <SecondStep challenge={challenge} />
  return <Frame title={say('signIn')}>{error === null ? <Skeleton /> : <Refused error={error} />}</Frame>
}
