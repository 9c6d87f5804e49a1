// Everybody's first load is the sign-in: the second step and the library of forms come when they are needed.
import { lazy, Suspense } from 'react'

const Step = lazy(() => import('./second-step').then(({ SecondStep }) => ({ default: SecondStep })))

export function SecondStep({ challenge }: { challenge: string }) {
  return (
    <Suspense fallback={null}>
      <Step challenge={challenge} />
    </Suspense>
  )
}
