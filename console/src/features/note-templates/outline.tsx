import type { Template } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { Badge } from '@/ui/page'
import { titleIn, type Kind } from './draft'
import { useTemplateWords } from './words'

/** A template to read: its parts in order, with what is told whoever writes them. */
export function Outline({ template }: { template: Template }) {
  const say = useTemplateWords()
  const language = useLanguage()
  return (
    <div className="flex flex-col gap-3 text-sm">
      {template.instructions && <p className="whitespace-pre-line">{template.instructions}</p>}
      <ol className="flex flex-col gap-2">
        {template.parts.map((part) => (
          <li key={part.key} className="flex flex-col gap-1 rounded-lg border border-line bg-panel p-3">
            <span className="flex flex-wrap items-center gap-2">
              <span className="font-medium">{titleIn(part.heading, language)}</span>
              <Badge>{say(part.section)}</Badge>
              {part.required && <Badge tone="brand">{say('field_required')}</Badge>}
            </span>
            {part.instructions && <span className="whitespace-pre-line text-soft">{part.instructions}</span>}
            {(part.kinds?.length ?? 0) + (part.words?.length ?? 0) > 0 && (
              <span className="text-soft">
                {[...(part.kinds ?? []).map((one: Kind) => say(`kind_${one}`)), ...(part.words ?? [])].join(' · ')}
              </span>
            )}
          </li>
        ))}
      </ol>
    </div>
  )
}
