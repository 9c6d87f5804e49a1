// A note under review: its latest state, and what a reviewer does to it. Each change names the version that was read.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { getNoteOptions, getNoteQueryKey } from '@/api/generated/@tanstack/react-query.gen'
import {
  addAddendum,
  approveNotes,
  deleteNote,
  editNote,
  overruleStatement,
  regenerateSection,
  seeStatement,
} from '@/api/generated/sdk.gen'
import type { NoteOut, StatementIn, StatementOut } from '@/api/generated/types.gen'
import { useLanguage } from '@/i18n'
import { useTell } from '@/ui/toast'

const WORKING_MS = 1_500

export function useReview(noteId: string) {
  const language = useLanguage()
  const [revealed, setRevealed] = useState(false)
  const cache = useQueryClient()
  const tell = useTell()
  const asked = { path: { note_id: noteId }, query: { reveal: revealed, language } }
  const query = useQuery({
    ...getNoteOptions(asked),
    // In another language, or with the names, it is read anew: what is being written stays on the desk meanwhile.
    placeholderData: (before) => (before?.id === noteId ? before : undefined),
    // A note that is being written is looked at again until it is there.
    refetchInterval: ({ state }) =>
      state.data && ['queued', 'generating'].includes(state.data.status) ? WORKING_MS : false,
  })
  const key = getNoteQueryKey(asked)
  const refresh = useCallback(
    () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: getNoteQueryKey({ path: { note_id: noteId } }).slice(0, 1), exact: false }),
        cache.invalidateQueries({ queryKey: ['notes'] }),
      ]),
    [cache, noteId],
  )
  const version = query.data?.version ?? 0
  const settled = { onError: tell.refusal, onSettled: refresh }

  const see = useMutation({
    mutationFn: (one: StatementOut) =>
      seeStatement({ path: { note_id: noteId, statement_id: one.id }, body: { version }, throwOnError: true }),
    onMutate: (one) => {
      // Safe to show at once: nobody else can take a look back.
      const seen = { ...one, seen_at: new Date().toISOString(), seen_by: 'me' }
      cache.setQueryData<NoteOut>(key, (note) => note && { ...note, statements: replaced(note.statements, seen) })
    },
    ...settled,
  })
  const overrule = useMutation({
    mutationFn: ({ id, reason }: { id: string; reason: string }) =>
      overruleStatement({ path: { note_id: noteId, statement_id: id }, body: { version, reason }, throwOnError: true }),
    ...settled,
  })
  const edit = useMutation({
    mutationFn: (statements: StatementIn[]) =>
      editNote({ path: { note_id: noteId }, body: { version, statements }, throwOnError: true }),
    ...settled,
  })
  const regenerate = useMutation({
    mutationFn: ({ part, wish, replace }: { part: string; wish: string; replace: boolean }) =>
      regenerateSection({
        path: { note_id: noteId, section: part },
        body: { version, wish, replace_edited: replace },
        throwOnError: true,
      }),
    ...settled,
  })
  const approve = useMutation({
    mutationFn: () => approveNotes({ body: { note_id: noteId, version }, throwOnError: true }),
    ...settled,
  })
  const discard = useMutation({
    mutationFn: () => deleteNote({ path: { note_id: noteId }, throwOnError: true }),
    onError: tell.refusal,
  })
  const amend = useMutation({
    mutationFn: ({ part, section, text }: { part: string; section: StatementOut['section']; text: string }) =>
      addAddendum({
        path: { note_id: noteId },
        body: { version, statements: [{ part, section: section as never, text }] },
        throwOnError: true,
      }),
    ...settled,
  })
  return { query, revealed, reveal: setRevealed, see, overrule, edit, regenerate, approve, discard, amend }
}

export type Review = ReturnType<typeof useReview>

/** A statement that is being rewritten, as it was when that began. */
export interface Editing {
  one: StatementOut
  version: number
}

/** What became of a statement while it was being rewritten: nothing, other words, or its removal (null). */
export type Meanwhile = string | null | undefined

export function meanwhile(note: NoteOut, { one, version }: Editing): Meanwhile {
  if (note.version === version) return undefined // other words of the same version are its names, shown or hidden
  const now = note.statements.find(({ id }) => id === one.id)
  return now?.text === one.text ? undefined : (now?.text ?? null)
}

export function isGone(note: NoteOut, one: StatementOut): boolean {
  return note.statements.every(({ id }) => id !== one.id)
}

function replaced(all: readonly StatementOut[], one: StatementOut): StatementOut[] {
  return all.map((other) => (other.id === one.id ? one : other))
}

/** The whole note with other words for this statement; one that was removed meanwhile is added anew. */
export function withText(note: NoteOut, one: StatementOut, text: string): StatementIn[] {
  if (!isGone(note, one)) return withChange(note, one.id, { text })
  const { section, part, kind } = one
  return withChange(note, null, { section: section as StatementIn['section'], part, kind: kind as StatementIn['kind'], text })
}

/** The whole note as the API takes it back, with one statement changed, removed (null) or added at its end. */
export function withChange(note: NoteOut, id: string | null, changed: Partial<StatementIn> | null): StatementIn[] {
  const kept = note.statements.flatMap((one): StatementIn[] => {
    const same = { id: one.id, section: one.section as StatementIn['section'], part: one.part, text: one.text, kind: one.kind as StatementIn['kind'] }
    if (one.id !== id) return [same]
    return changed === null ? [] : [{ ...same, ...changed }]
  })
  if (id !== null || changed === null) return kept
  const added: StatementIn = { section: 'subjective', text: '', ...changed }
  const at = note.statements.findLastIndex((one) => one.part === added.part)
  return at < 0 ? [...kept, added] : kept.toSpliced(at + 1, 0, added)
}
