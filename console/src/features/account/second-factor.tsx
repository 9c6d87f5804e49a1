import { lazy, Suspense, useState } from 'react'
import { useForm } from 'react-hook-form'
import { beginSecondFactor, confirmSecondFactor, removeSecondFactor } from '@/api/generated/sdk.gen'
import type { Enrolment } from '@/api/generated/types.gen'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CopyText } from '@/ui/copy'
import { TextField } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useAccountWords } from './words'

const CodePicture = lazy(() => import('./code-picture').then(({ CodePicture }) => ({ default: CodePicture })))

export function SecondFactor() {
  const say = useAccountWords()
  const { second_factor: on } = useMe()
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null)
  const [codes, setCodes] = useState<string[] | null>(null)
  return (
    <Panel title={say('secondFactor')}>
      {codes !== null ? (
        <Codes codes={codes} />
      ) : enrolment !== null ? (
        <Confirm enrolment={enrolment} onCodes={setCodes} />
      ) : on ? (
        <Remove />
      ) : (
        <Begin onBegun={setEnrolment} />
      )}
    </Panel>
  )
}

function useRefusal() {
  const [error, setError] = useState<unknown>(null)
  const doing = async (work: () => Promise<void>) => {
    setError(null)
    await work().catch(setError)
  }
  return [error, doing] as const
}

function Begin({ onBegun }: { onBegun: (enrolment: Enrolment) => void }) {
  const say = useAccountWords()
  const [error, doing] = useRefusal()
  const { register, handleSubmit, formState } = useForm({ defaultValues: { password: '' } })
  const begin = handleSubmit((body) => doing(async () => onBegun((await beginSecondFactor({ body, throwOnError: true })).data)))
  return (
    <form onSubmit={(event) => void begin(event)} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('off')}</p>
      <TextField label={say('present')} type="password" autoComplete="current-password" required {...register('password')} />
      {error !== null && <Refused error={error} />}
      <Button type="submit" busy={formState.isSubmitting}>
        {say('begin')}
      </Button>
    </form>
  )
}

function Confirm({ enrolment, onCodes }: { enrolment: Enrolment; onCodes: (codes: string[]) => void }) {
  const say = useAccountWords()
  const { reread } = useSession()
  const [error, doing] = useRefusal()
  const { register, handleSubmit, formState } = useForm({ defaultValues: { code: '' } })
  const confirm = handleSubmit((body) =>
    doing(async () => {
      onCodes((await confirmSecondFactor({ body, throwOnError: true })).data.codes)
      await reread()
    }),
  )
  return (
    <form onSubmit={(event) => void confirm(event)} className="flex flex-col gap-4">
      <p className="text-sm">{say('scan')}</p>
      <div className="flex flex-wrap items-start gap-4">
        <Suspense fallback={<div className="size-52 shrink-0 animate-pulse rounded-lg bg-sunken" />}>
          <CodePicture text={enrolment.uri} name={say('picture')} />
        </Suspense>
        <div className="min-w-52 flex-1">
          <CopyText label={say('key')} text={inFours(enrolment.secret)} />
        </div>
      </div>
      <a href={enrolment.uri} className="flex min-h-11 items-center text-sm text-brand underline underline-offset-4">
        {say('openApp')}
      </a>
      <TextField label={say('code')} inputMode="numeric" autoComplete="one-time-code" required {...register('code')} />
      {error !== null && <Refused error={error} />}
      <Button kind="primary" type="submit" busy={formState.isSubmitting}>
        {say('confirm')}
      </Button>
    </form>
  )
}

/** A key as people read it from a screen; apps take it with the spaces. */
const inFours = (key: string) => key.replace(/.{4}(?=.)/g, '$& ')

function Codes({ codes }: { codes: string[] }) {
  const say = useAccountWords()
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm font-medium">{say('codes')}</p>
      <ul className="grid grid-cols-2 gap-2 rounded-lg bg-sunken p-3 font-mono text-sm">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </div>
  )
}

function Remove() {
  const say = useAccountWords()
  const { reread } = useSession()
  const [error, doing] = useRefusal()
  const { register, handleSubmit, formState } = useForm({ defaultValues: { password: '', code: '' } })
  const remove = handleSubmit((body) =>
    doing(async () => {
      await removeSecondFactor({ body, throwOnError: true })
      await reread()
    }),
  )
  return (
    <form onSubmit={(event) => void remove(event)} className="flex flex-col gap-4">
      <p className="text-sm text-soft">{say('on')}</p>
      <TextField label={say('present')} type="password" autoComplete="current-password" required {...register('password')} />
      <TextField label={say('code')} inputMode="numeric" autoComplete="one-time-code" required {...register('code')} />
      {error !== null && <Refused error={error} />}
      <Button kind="danger" type="submit" busy={formState.isSubmitting}>
        {say('remove')}
      </Button>
    </form>
  )
}
