// What a patient agreed to, and the way back: as short as the way there.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getConsentsOptions, listConsentTextsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { decideConsent } from '@/api/generated/sdk.gen'
import type { ListConsentTextsResponse } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { Button } from '@/ui/button'
import { Badge, Panel } from '@/ui/page'
import { Loaded } from '@/ui/states'
import { useTell } from '@/ui/toast'
import { useAccountWords } from './words'

type Text = ListConsentTextsResponse['items'][number]

export function Privacy({ patientId }: { patientId: string }) {
  const say = useAccountWords()
  const language = useLanguage()
  const texts = useQuery(listConsentTextsOptions({ query: { language } }))
  const consents = useQuery(getConsentsOptions({ path: { patient_id: patientId } }))
  return (
    <Panel title={say('privacy')}>
      <Loaded query={texts}>
        {({ items }) => (
          <ul className="divide-y divide-line">
            {items.map((text) => (
              <Decision
                key={text.kind}
                text={text}
                patientId={patientId}
                granted={(consents.data?.standing as Record<string, boolean> | undefined)?.[text.kind] === true}
              />
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  )
}

function Decision({ text, patientId, granted }: { text: Text; patientId: string; granted: boolean }) {
  const say = useAccountWords()
  const tell = useTell()
  const cache = useQueryClient()
  const decide = useMutation({
    mutationFn: () =>
      decideConsent({
        path: { patient_id: patientId },
        body: { kind: text.kind, decision: granted ? 'withdrawn' : 'granted', language: text.language, text_hash: text.hash },
        throwOnError: true,
      }),
    onError: tell.refusal,
    onSettled: () => cache.invalidateQueries({ queryKey: getConsentsOptions({ path: { patient_id: patientId } }).queryKey }),
  })
  return (
    <li className="flex flex-wrap items-start justify-between gap-3 py-3">
      <details className="min-w-0 flex-1">
        <summary className="min-h-11 cursor-pointer py-2 font-medium">{text.title}</summary>
        <p lang={text.language} className="text-sm whitespace-pre-line text-soft">
          {text.body}
        </p>
      </details>
      <span className="flex items-center gap-2">
        <Badge tone={granted ? 'good' : 'neutral'}>{say(granted ? 'agreed' : 'notAgreed')}</Badge>
        <Button size="small" busy={decide.isPending} aria-label={`${say(granted ? 'withdraw' : 'agree')}: ${text.title}`} onClick={() => decide.mutate()}>
          {say(granted ? 'withdraw' : 'agree')}
        </Button>
      </span>
    </li>
  )
}
