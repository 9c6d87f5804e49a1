import { useLanguage } from '@/i18n'

/** Languages by their names in the reader's own. What is no language stands as it is. */
export function useLanguageName(): (code: string) => string {
  const names = new Intl.DisplayNames([useLanguage()], { type: 'language' })
  return (code) => {
    try {
      return names.of(code) ?? code
    } catch {
      return code // a vendor may call one anything
    }
  }
}
