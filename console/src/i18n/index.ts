// Two languages, each feature with its own words: `words('notes', en, hi)`. The types see to it that none is missing.
import i18n from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'

export const LANGUAGES = { en: 'English', hi: 'हिन्दी' } as const
export type Language = keyof typeof LANGUAGES

const KEPT = 'auricle.language'

function first(): Language {
  const wanted = read() ?? navigator.language.slice(0, 2)
  return wanted === 'hi' ? 'hi' : 'en'
}

function read(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null // storage may be closed to us
  }
}

void i18n.use(initReactI18next).init({
  lng: first(),
  fallbackLng: 'en',
  resources: {},
  interpolation: { escapeValue: false }, // React escapes
  returnNull: false,
})
document.documentElement.lang = first()

export function speak(language: Language): void {
  try {
    localStorage.setItem(KEPT, language)
  } catch {
    // then for this page only
  }
  document.documentElement.lang = language
  void i18n.changeLanguage(language)
}

export function useLanguage(): Language {
  const { i18n: present } = useTranslation()
  return present.language === 'hi' ? 'hi' : 'en'
}

type Values = Record<string, string | number>
export type Say<K extends string> = (key: K, values?: Values) => string

/** The words of one feature, and the hook that says them: `const say = useNoteWords(); say('sign')`. */
export function words<W extends Record<string, string>>(
  name: string,
  en: W,
  hi: { [K in keyof W]: string },
): () => Say<Extract<keyof W, string>> {
  i18n.addResourceBundle('en', name, en)
  i18n.addResourceBundle('hi', name, hi)
  return () => {
    const { t } = useTranslation(name)
    return (key, values) => t(key, values ?? {})
  }
}
