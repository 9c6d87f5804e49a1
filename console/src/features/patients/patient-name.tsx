import { useQuery } from '@tanstack/react-query'
import { getPatientOptions } from '@/api/generated/@tanstack/react-query.gen'

/** A patient's name where a list tells only their id; asked for once, and kept as long as the page is. */
export function PatientName({ id }: { id: string }) {
  const { data } = useQuery({ ...getPatientOptions({ path: { patient_id: id } }), staleTime: 300_000 })
  return <>{data ? [data.given_name, data.family_name].filter(Boolean).join(' ') : '…'}</>
}
