// A text as a provider would be sent it, by the very guard that masks what leaves. Nobody is asked, nothing is kept.
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { tryMasking } from '@/api/generated/sdk.gen'
import type { MaskingOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { TextArea } from '@/ui/field'
import { Panel } from '@/ui/page'
import { Refused } from '@/ui/states'
import { useMaskingWords } from './masking-words'

const PLACEHOLDER = /(\[[A-Z]+_\d+\])/

export function MaskingTry({ passes }: { passes: MaskingOut['passes'] }) {
  const say = useMaskingWords()
  const [text, setText] = useState(say('example'))
  const attempt = useMutation({
    mutationFn: async () => (await tryMasking({ body: { text, passes }, throwOnError: true })).data.text,
  })
  const send = (event: FormEvent) => {
    event.preventDefault()
    attempt.mutate()
  }
  return (
    <Panel title={say('try')}>
      <form onSubmit={send} className="flex flex-col gap-3">
        <TextArea label={say('tryText')} hint={say('tryHint')} required maxLength={2_000} rows={3} value={text} onChange={(event) => setText(event.target.value)} />
        <div>
          <Button type="submit" busy={attempt.isPending}>
            {say('tryDo')}
          </Button>
        </div>
        {attempt.isError && <Refused error={attempt.error} />}
        {attempt.data !== undefined && (
          <p role="status" className="rounded-lg bg-sunken p-3 text-sm break-words whitespace-pre-line">
            {attempt.data.split(PLACEHOLDER).map((part, n) =>
              PLACEHOLDER.test(part) ? (
                <mark key={n} className="rounded bg-mark px-1 text-ink">
                  {part}
                </mark>
              ) : (
                part
              ),
            )}
          </p>
        )}
      </form>
    </Panel>
  )
}
