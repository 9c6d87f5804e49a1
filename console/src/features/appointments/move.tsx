import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { listBookableProfessionalsOptions } from '@/api/generated/@tanstack/react-query.gen'
import { moveAppointment } from '@/api/generated/sdk.gen'
import type { AppointmentOut } from '@/api/generated/types.gen'
import { Button } from '@/ui/button'
import { SelectField } from '@/ui/field'
import { Loaded, Refused } from '@/ui/states'
import { useTime } from '@/ui/time'
import { useTell } from '@/ui/toast'
import { useCommonWords } from '@/ui/words'
import { useAgain } from './appointment'
import { called, Length } from './book'
import { ChooseTime, type Chosen } from './choose-time'
import { useAppointmentWords } from './words'

/** To another time, and if need be to somebody else. */
export function Move({ appointment, onDone }: { appointment: AppointmentOut; onDone: () => void }) {
  const say = useAppointmentWords()
  const common = useCommonWords()
  const time = useTime()
  const tell = useTell()
  const again = useAgain(appointment.id)
  const [whom, setWhom] = useState(appointment.professional_id)
  const [minutes, setMinutes] = useState((Date.parse(appointment.ends_at) - Date.parse(appointment.starts_at)) / 60_000)
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const professionals = useQuery(listBookableProfessionalsOptions())
  const move = useMutation({
    mutationFn: ({ starts_at, outside_hours }: Chosen) =>
      moveAppointment({
        path: { appointment_id: appointment.id },
        body: { starts_at, outside_hours, minutes, professional_id: whom },
        throwOnError: true,
      }),
    onSuccess: ({ data }) => {
      again(data)
      tell(say('moved', { when: time.moment(data.starts_at) }))
      onDone()
    },
  })
  return (
    <section aria-label={say('move')} className="flex flex-col gap-4 border-t border-line pt-4">
      <Loaded query={professionals}>
        {({ items, time_zone }) => (
          <>
            <div className="grid gap-4 sm:grid-cols-2">
              <SelectField
                label={say('professional')}
                value={whom}
                onChange={(event) => {
                  setWhom(event.target.value)
                  setChosen(null)
                }}
                options={items.map((one) => ({ value: one.id, label: called(one) }))}
              />
              <Length
                minutes={minutes}
                onChange={(next) => {
                  setMinutes(next)
                  setChosen(null)
                }}
              />
            </div>
            <ChooseTime professionalId={whom} zone={time_zone} minutes={minutes} chosen={chosen} onChoose={setChosen} />
          </>
        )}
      </Loaded>
      {move.isError && <Refused error={move.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{common('cancel')}</Button>
        <Button kind="primary" busy={move.isPending} disabled={chosen === null} onClick={() => chosen && move.mutate(chosen)}>
          {say('moveHere')}
        </Button>
      </div>
    </section>
  )
}
