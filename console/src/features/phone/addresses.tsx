// What somebody sets at the carrier so that its calls come here, each with its place there.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { readPhoneLineOptions } from '@/api/generated/@tanstack/react-query.gen'
import { renewPhoneLineAddresses } from '@/api/generated/sdk.gen'
import type { LineOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { CopyText } from '@/ui/copy'
import { Refused } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { KIND_NAMES } from './kinds'
import { usePhoneWords } from './words'

const ASKED = { twilio: ['voice', 'status'], plivo: ['voice', 'status'], exotel: ['voice', 'after', 'status'] } as const

export function LineAddresses({ line }: { line: LineOut }) {
  const say = usePhoneWords()
  if (!line.addresses) return null
  const { addresses, kind } = line
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm">{say(`setAt_${kind}`, { number: line.number })}</p>
      {ASKED[kind].map((one) => (
        <CopyText key={one} label={say(`${kind}_${one}` as 'twilio_voice')} text={addresses[one]} />
      ))}
      {kind === 'exotel' && <p className="text-sm text-soft">{say('exotelHint')}</p>}
      {!addresses.voice.startsWith('https://') && (
        <p className="rounded-lg bg-warn-wash p-3 text-sm text-warn">{say('notPublic', { carrier: KIND_NAMES[kind] })}</p>
      )}
      <p className="text-sm text-soft">{say('addressesSecret')}</p>
      <Renew line={line} />
    </div>
  )
}

/** Asked in the same dialog: what it does is plain only beside the addresses. */
function Renew({ line }: { line: LineOut }) {
  const say = usePhoneWords()
  const common = useCommonWords()
  const tell = useTell()
  const cache = useQueryClient()
  const [asked, setAsked] = useState(false)
  const path = { phone_line_id: line.id }
  const renew = useMutation({
    mutationFn: () => renewPhoneLineAddresses({ path, throwOnError: true }),
    onSuccess: ({ data }) => {
      cache.setQueryData(readPhoneLineOptions({ path }).queryKey, data)
      void cache.invalidateQueries({ queryKey: ['phone-lines'] })
      setAsked(false)
      tell(say('renewed'))
    },
  })
  if (!asked)
    return (
      <Button className="self-start" onClick={() => setAsked(true)}>
        {say('renew')}
      </Button>
    )
  return (
    <div role="group" aria-label={say('renew')} className="flex flex-col gap-3 rounded-lg bg-bad-wash p-3">
      <p className="text-sm">{say('renewHint')}</p>
      {renew.isError && <Refused error={renew.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={() => setAsked(false)}>{common('cancel')}</Button>
        <Button kind="danger" busy={renew.isPending} onClick={() => renew.mutate()}>
          {say('renew')}
        </Button>
      </div>
    </div>
  )
}
