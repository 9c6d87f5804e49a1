import { useFailureWords } from '@/i18n/hindi'
import { useDocumentWords } from './words'

/** Why a file could not be read, by the code that the service gives. */
const WHY = {
  'document.no_speech_provider': 'why_noEars',
  'document.nothing_heard': 'why_silent',
  'upload.archive_too_large': 'why_large',
  'upload.broken_archive': 'why_damaged',
  'upload.empty': 'why_empty',
  'upload.encrypted': 'why_locked',
  'upload.exhausting': 'why_large',
  'upload.garbled': 'why_damaged',
  'upload.kind_mismatch': 'why_damaged',
  'upload.macros': 'why_macros',
  'upload.nested_archive': 'why_large',
  'upload.only_hidden_text': 'why_empty',
  'upload.scanned': 'why_picture',
  'upload.too_deep': 'why_large',
  'upload.too_large': 'why_large',
  'upload.too_wide': 'why_large',
} as const

/** In words fit for a patient's file where there are some, else in those of the code. */
export function Failure({ code }: { code: string }) {
  const say = useDocumentWords()
  const failure = useFailureWords()
  return code in WHY ? say(WHY[code as keyof typeof WHY]) : failure(code)
}
