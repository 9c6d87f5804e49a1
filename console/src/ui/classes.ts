import { twMerge } from 'tailwind-merge'

type Part = string | false | null | undefined

/** Class names in one string; of two that say the same, the later wins. */
export function classes(...parts: Part[]): string {
  return twMerge(parts.filter(Boolean).join(' '))
}
