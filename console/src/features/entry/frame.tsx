import { useEffect, type ReactNode } from 'react'
import { LanguageSwitch, ThemeSwitch } from '@/shell/preferences'
import { FormAround } from '@/ui/wrong'
import { useEntryWords } from './words'

/** The frame of every page before sign-in. */
export function Frame({ title, children }: { title: string; children: ReactNode }) {
  const say = useEntryWords()
  useEffect(() => {
    document.title = `${title} · Auricle`
  }, [title])
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex items-center justify-end gap-2 p-4">
        <LanguageSwitch />
        <ThemeSwitch />
      </header>
      <main className="mx-auto flex w-full max-w-md flex-1 flex-col justify-center gap-6 px-4 pb-24">
        <div className="flex flex-col items-center gap-3 text-center">
          <img src="/icon.svg" alt="" className="size-14" />
          <p className="text-xl font-semibold">Auricle</p>
          <p className="text-sm text-soft">{say('lead')}</p>
        </div>
        <section className="rounded-2xl border border-line bg-panel p-6 shadow-sm">
          <h1 className="mb-4 text-lg font-semibold">{title}</h1>
          <FormAround>{children}</FormAround>
        </section>
      </main>
    </div>
  )
}
