// A template as a form holds it, and back. What the form has no field for (headings in other languages) is kept.
import type { NotePart, Template } from '@/api/generated/types.gen'

export const SECTIONS = ['subjective', 'objective', 'assessment', 'plan'] as const
export const KINDS = ['problem', 'symptom', 'drug', 'procedure', 'anatomy', 'lab', 'vital', 'device', 'hearing', 'allergy'] as const
export const MOST_PARTS = 20
export const KEY = /^[a-z][a-z0-9_]{0,39}$/

export type Section = (typeof SECTIONS)[number]
export type Kind = (typeof KINDS)[number]
type Titles = Record<string, string>

export interface DraftPart {
  /** Empty for a part that was never saved: it is made of the heading then, and stays. */
  key: string
  titles: Titles
  en: string
  hi: string
  section: Section
  instructions: string
  required: boolean
  kinds: Kind[]
  words: string
  also: Section[]
}

export interface Draft {
  key: string
  titles: Titles
  en: string
  hi: string
  specialty: string
  instructions: string
  parts: DraftPart[]
}

export const EMPTY_PART: DraftPart = {
  key: '',
  titles: {},
  en: '',
  hi: '',
  section: 'subjective',
  instructions: '',
  required: false,
  kinds: [],
  words: '',
  also: [],
}

export function titleIn(titles: Record<string, unknown>, language: string): string {
  return String(titles[language] ?? titles.en ?? '')
}

export function draftOf(template: Template): Draft {
  const name = template.name as Titles
  return {
    key: template.key,
    titles: name,
    en: name.en ?? '',
    hi: name.hi ?? '',
    specialty: template.specialty ?? '',
    instructions: template.instructions ?? '',
    parts: template.parts.map((part) => {
      const heading = part.heading as Titles
      return {
        key: part.key,
        titles: heading,
        en: heading.en ?? '',
        hi: heading.hi ?? '',
        section: part.section,
        instructions: part.instructions ?? '',
        required: part.required ?? false,
        kinds: [...(part.kinds ?? [])],
        words: (part.words ?? []).join(', '),
        also: [...(part.also ?? [])],
      }
    }),
  }
}

export function templateOf(draft: Draft): Template {
  const taken = new Set(draft.parts.map((one) => one.key).filter(Boolean))
  return {
    key: draft.key.trim() || keyOf(draft.en, new Set()),
    name: titlesOf(draft),
    specialty: draft.specialty.trim() || null,
    instructions: draft.instructions.trim(),
    parts: draft.parts.map((part): NotePart => {
      const key = part.key || keyOf(part.en, taken)
      taken.add(key)
      return {
        key,
        heading: titlesOf(part),
        section: part.section,
        instructions: part.instructions.trim(),
        required: part.required,
        kinds: part.kinds,
        words: part.words.split(',').map((one) => one.trim()).filter(Boolean),
        also: part.also.filter((one) => one !== part.section),
      }
    }),
  }
}

function titlesOf({ titles, en, hi }: { titles: Titles; en: string; hi: string }): Titles {
  const { en: _, hi: __, ...others } = titles
  return { en: en.trim(), ...(hi.trim() && { hi: hi.trim() }), ...others }
}

/** "Past history" → `past_history`; numbered where that is taken. */
export function keyOf(title: string, taken: ReadonlySet<string>): string {
  const plain = title.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 36) || 'part'
  if (!taken.has(plain)) return plain
  let n = 2
  while (taken.has(`${plain}_${n}`)) n += 1
  return `${plain}_${n}`
}
