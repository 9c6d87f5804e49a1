// The signed part of the chain, saved as a file that can be verified without us.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { authorizedFetch, problemOf } from '@/api/client'
import { useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { CopyText } from '@/ui/copy'
import { Dialog } from '@/ui/dialog'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { save } from '@/ui/save'
import { useTell } from '@/ui/toast'
import { instantsOf, type Days } from './days'
import { useAuditWords } from './words'

const USUAL_NAME = 'audit.ndjson'

export function Export({ days }: { days: Days }) {
  const say = useAuditWords()
  const { may } = useSession()
  const [asking, setAsking] = useState(false)
  if (!may('audit:export')) return null
  return (
    <>
      <Button aria-haspopup="dialog" onClick={() => setAsking(true)}>
        {say('export')}
      </Button>
      <Dialog open={asking} title={say('export')} onClose={() => setAsking(false)}>
        <Asked first={days} onDone={() => setAsking(false)} />
      </Dialog>
    </>
  )
}

function Asked({ first, onDone }: { first: Days; onDone: () => void }) {
  const say = useAuditWords()
  const tell = useTell()
  const [days, setDays] = useState(first)
  const [taken, setTaken] = useState<string | null>(null)
  const take = useMutation({
    mutationFn: () => bundle(days),
    onSuccess: ({ blob, name }) => {
      save(blob, name)
      tell(say('exported', { name }))
      setTaken(name)
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        take.mutate()
      }}
      className="flex flex-col gap-4"
    >
      <p className="text-sm">{say('exportHint')}</p>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={say('from')} type="date" value={days.from ?? ''} onChange={(event) => setDays({ ...days, from: event.target.value || undefined })} />
        <TextField label={say('to')} type="date" value={days.to ?? ''} onChange={(event) => setDays({ ...days, to: event.target.value || undefined })} />
      </div>
      <p className="text-sm text-soft">{say('exportRange')}</p>
      <CopyText label={say('verify')} text={`auricle audit verify-export ${taken ?? USUAL_NAME}`} />
      {take.isError && <Refused error={take.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        {taken && <Button onClick={onDone}>{say('exportDone')}</Button>}
        <Button type="submit" kind="primary" busy={take.isPending}>
          {say('exportTake')}
        </Button>
      </div>
    </form>
  )
}

/** The file, and the name that the API gives it: its first and last entry. */
async function bundle(days: Days): Promise<{ blob: Blob; name: string }> {
  const range = Object.entries(instantsOf(days)).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const answer = await authorizedFetch(`/api/v1/audit/export?${new URLSearchParams(range).toString()}`)
  if (!answer.ok) throw await problemOf(answer)
  const named = /filename="([\w.-]+)"/.exec(answer.headers.get('content-disposition') ?? '')
  return { blob: await answer.blob(), name: named?.[1] ?? USUAL_NAME }
}
