// Agents and scenarios as files: YAML goes up as it is, and comes down to be kept.
import { useMutation } from '@tanstack/react-query'
import { useRef, type FormEvent } from 'react'
import { authorizedFetch, blobOf, problemOf } from '@/api/client'
import { Button } from '@/ui/button'
import { TextField } from '@/ui/field'
import { Refused } from '@/ui/states'
import { save } from '@/ui/save'
import { useTell } from '@/ui/toast'
import { useFileWords } from './file-words'

/** Sends a chosen file to `address`; the answer is what the API says of it. */
export function BringIn<T>({ address, onDone }: { address: string; onDone: (made: T) => void }) {
  const say = useFileWords()
  const chosen = useRef<HTMLInputElement>(null)
  const bring = useMutation({
    mutationFn: async (file: File) => {
      const answer = await authorizedFetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/yaml' },
        body: await file.text(),
      })
      if (!answer.ok) throw await problemOf(answer)
      return (await answer.json()) as T
    },
    onSuccess: onDone,
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    const file = chosen.current?.files?.[0]
    if (file) bring.mutate(file)
  }
  return (
    <form onSubmit={send} className="flex flex-col gap-4">
      <TextField ref={chosen} type="file" label={say('file')} hint={say('fileHint')} accept=".yaml,.yml" required />
      {bring.isError && <Refused error={bring.error} />}
      <Button type="submit" kind="primary" busy={bring.isPending}>
        {say('import')}
      </Button>
    </form>
  )
}

/** Fetches `address` with the sign-in and gives it to the browser to keep as `name`. */
export function KeepFile({ address, name, label }: { address: string; name: string; label: string }) {
  const tell = useTell()
  const keep = useMutation({
    mutationFn: async () => save(await blobOf(address), name),
    onError: tell.refusal,
  })
  return (
    <Button size="small" busy={keep.isPending} onClick={() => keep.mutate()}>
      {label}
    </Button>
  )
}
