import { useQuery } from '@tanstack/react-query'
import { listNoteTemplatesOptions } from '@/api/generated/@tanstack/react-query.gen'
import { useLanguage } from '@/i18n'

/** A template's name for its key; the key itself where it is offered no more. */
export function useTemplateNames(): (key: string) => string {
  const language = useLanguage()
  const { data } = useQuery({ ...listNoteTemplatesOptions(), staleTime: 300_000 })
  return (key) => {
    const name = data?.find((one) => one.key === key)?.name
    return name?.[language] ?? name?.en ?? key
  }
}
