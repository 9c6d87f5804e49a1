import { useLanguage } from '@/i18n'
import { namesIn } from './language-codes'

/** The name of a language, by its code, in the reader's own language. */
export const useLanguageName = () => namesIn(useLanguage())
