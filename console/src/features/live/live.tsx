import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { listConsultationsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useLookAgain } from '@/events/live'
import { PatientName } from '@/features/patients/patient-name'
import { useLanguageName } from '@/i18n/language-names'
import { useConsultationTypeName } from '@/i18n/names'
import { Button } from '@/ui/button'
import { Page, Panel } from '@/ui/page'
import { Empty, Loaded } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useLiveWords } from './words'

export function Live() {
  const say = useLiveWords()
  const time = useTime()
  const typeOf = useConsultationTypeName()
  const languageOf = useLanguageName()
  const refetchInterval = useLookAgain()
  const query = useQuery({ ...listConsultationsOptions({ query: { state: 'active', limit: 50 } }), refetchInterval })
  return (
    <Page title={say('title')} hint={say('hint')}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={say('none')}>{say('noneHint')}</Empty>
          ) : (
            <ul className="grid gap-4 md:grid-cols-2">
              {items.map((one) => (
                <li key={one.id}>
                  <Panel className="flex flex-wrap items-center justify-between gap-3">
                    <div>
                      <p className="font-medium">
                        <PatientName id={one.patient_id} />
                      </p>
                      <p className="text-sm text-soft">
                        {typeOf(one.type)} · {languageOf(one.language)} · {say('since', { when: time.ago(one.created_at) })}
                      </p>
                    </div>
                    <Button asChild>
                      <Link to="/live/$consultationId" params={{ consultationId: one.id }}>
                        {say('begin')}
                      </Link>
                    </Button>
                  </Panel>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  )
}
