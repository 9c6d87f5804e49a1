// What the API says in English, in Hindi by its stable names. Where a name has no Hindi yet, the API's own words stand.
import { useQuery } from '@tanstack/react-query'
import { useLanguage } from '@/i18n'

type Known = Readonly<Record<string, string>>

/** The words of a list that is fetched where Hindi is read: `(name, in English) => in the reader's language`. */
function useKnown(list: string, load: () => Promise<Known>): (name: string, english: string) => string {
  const hindi = useLanguage() === 'hi'
  const { data } = useQuery({ queryKey: ['hindi', list], queryFn: load, staleTime: Infinity, gcTime: Infinity, enabled: hindi })
  return (name, english) => (hindi && data?.[name]) || english
}

/** Why something was refused, or failed, by its code. */
export const useRefusalWords = () => useKnown('refusals', () => import('./refusals.hi').then((file) => file.REFUSALS))

/** Why something failed where the API tells the code alone: in either language. What has no words is said by its code. */
export function useFailureWords(): (code: string) => string {
  const language = useLanguage()
  const load = () => (language === 'hi' ? import('./refusals.hi') : import('./refusals.en')).then((file) => file.REFUSALS)
  const { data } = useQuery({ queryKey: ['failures', language], queryFn: load, staleTime: Infinity, gcTime: Infinity })
  return (code) => data?.[code] ?? code
}

/** What a permission allows, by its name. */
export const usePermissionWords = () => useKnown('permissions', () => import('./permissions.hi').then((file) => file.PERMISSIONS))
