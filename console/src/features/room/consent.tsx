import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getConsentsOptions, listConsentTextsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { decideConsent } from '@/api/generated/sdk.gen'
import { useLanguage } from '@/i18n'
import { Button } from '@/ui/button'
import { Panel } from '@/ui/page'
import { Loaded, Refused } from '@/ui/states'
import { useRoomWords } from './words'

/** The text that is agreed to, whole, and two answers that weigh the same. What is shown goes back with the answer. */
export function Consent({
  kind,
  patientId,
  onRefused,
}: {
  kind: 'ai_use' | 'recording'
  patientId: string
  onRefused?: () => void
}) {
  const say = useRoomWords()
  const language = useLanguage()
  const cache = useQueryClient()
  const texts = useQuery(listConsentTextsOptions({ query: { language } }))
  const decide = useMutation({
    mutationFn: ({ granted, hash }: { granted: boolean; hash: string }) =>
      decideConsent({
        path: { patient_id: patientId },
        body: { kind, decision: granted ? 'granted' : 'withdrawn', language, text_hash: hash },
        throwOnError: true,
      }),
    onSuccess: (_, { granted }) => {
      if (!granted) onRefused?.()
      return cache.invalidateQueries({ queryKey: getConsentsOptions({ path: { patient_id: patientId } }).queryKey })
    },
  })
  return (
    <Loaded query={texts}>
      {({ items }) => {
        const text = items.find((one) => one.kind === kind)
        if (!text) return <Refused error={new Error(say('deafOther'))} />
        const answer = (granted: boolean) => decide.mutate({ granted, hash: text.hash })
        return (
          <Panel title={text.title} className="flex max-w-prose flex-col gap-4">
            <p lang={text.language} className="whitespace-pre-line">
              {text.body}
            </p>
            <p className="text-sm text-soft">{kind === 'recording' ? say('recordingHint') : say('consentHint')}</p>
            {decide.isError && <Refused error={decide.error} />}
            <div className="flex flex-wrap gap-3">
              <Button kind="primary" busy={decide.isPending} onClick={() => answer(true)}>
                {kind === 'recording' ? say('record') : say('agree')}
              </Button>
              <Button disabled={decide.isPending} onClick={() => answer(false)}>
                {kind === 'recording' ? say('noRecording') : say('disagree')}
              </Button>
            </div>
          </Panel>
        )
      }}
    </Loaded>
  )
}
