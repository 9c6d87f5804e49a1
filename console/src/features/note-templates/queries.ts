import type { Query } from '@tanstack/react-query'

/** Whether a query is of templates, any of them: what was saved or removed is read anew. */
export function isOfTemplates({ queryKey: [first] }: Query): boolean {
  const id = typeof first === 'object' && first !== null && '_id' in first ? String(first._id) : ''
  return /NoteTemplate/.test(id)
}
