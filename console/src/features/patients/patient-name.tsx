import { useQuery } from '@tanstack/react-query'
import { getPatientOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useTime } from '@/ui/time'

/** Asked for once, and kept as long as the page is. */
function usePatient(id: string) {
  return useQuery({ ...getPatientOptions({ path: { patient_id: id } }), staleTime: 300_000 }).data
}

const nameOf = (patient?: { given_name: string; family_name: string }) =>
  patient ? [patient.given_name, patient.family_name].filter(Boolean).join(' ') : '…'

/** A patient's name where a list tells only their id. */
export function PatientName({ id }: { id: string }) {
  return <>{nameOf(usePatient(id))}</>
}

/** Name, birth date and record number, as far as they are known: paper that leaves the screen needs more than a name. */
export function PatientIdentifiers({ id }: { id: string }) {
  const time = useTime()
  const patient = usePatient(id)
  const born = patient?.birth_date && time.date(patient.birth_date)
  return <>{[nameOf(patient), born, patient?.record_number].filter(Boolean).join(', ')}</>
}
