import type { AppointmentOut } from '@/api/generated/types.gen'
import { Badge, type Tone } from '@/ui/page'
import { useAppointmentWords } from './words'

const TONES: Record<AppointmentOut['status'], Tone> = { booked: 'brand', kept: 'good', missed: 'warn', cancelled: 'neutral' }

export function State({ of }: { of: AppointmentOut['status'] }) {
  const say = useAppointmentWords()
  return <Badge tone={TONES[of]}>{say(`state_${of}`)}</Badge>
}
