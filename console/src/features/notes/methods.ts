// How a draft was made, in words. The API says it as a sentence of its own; what it says anew stands as it says it.
import { words } from '@/i18n'

const useMethodWords = words(
  'noteMethods',
  {
    by_model: 'a language model',
    extractive: 'no model, from the words of the source',
    failed: 'no model: it failed',
    in_part: 'a language model, in part from the words of the source',
    not_paid: 'no model: the budget is used up',
    not_set_up: 'no model: none is set up',
  },
  {
    by_model: 'भाषा मॉडल',
    extractive: 'बिना मॉडल, स्रोत के शब्दों से',
    failed: 'बिना मॉडल: वह विफल रहा',
    in_part: 'भाषा मॉडल, कुछ भाग स्रोत के शब्दों से',
    not_paid: 'बिना मॉडल: बजट समाप्त है',
    not_set_up: 'बिना मॉडल: कोई तय नहीं है',
  },
)

const KNOWN = {
  'draft by a language model': 'by_model',
  'draft by a language model, extractive in part': 'in_part',
  'extractive draft': 'extractive',
  'extractive draft: no language model is set up': 'not_set_up',
  'extractive draft: the budget is used up': 'not_paid',
  'extractive draft: the language model failed': 'failed',
} as const

/** Who or what drafted: `of('extractive draft', null)`. */
export function useMethod(): (method: string | null | undefined, model: string | null | undefined) => string {
  const say = useMethodWords()
  return (method, model) => {
    const known = method && Object.hasOwn(KNOWN, method) ? say(KNOWN[method as keyof typeof KNOWN]) : method
    return [known, model].filter(Boolean).join(', ') || '–'
  }
}
