// Language and appearance, kept in this browser. Nothing about anybody is.
import { Moon, Sun } from 'lucide-react'
import { useState } from 'react'
import { LANGUAGES, speak, useLanguage, type Language } from '@/i18n'
import { Button } from '@/ui/button'
import { useShellWords } from './words'

/** In the fonts of the system: one word in another script is no reason to fetch ours. */
export function LanguageSwitch() {
  const say = useShellWords()
  const language = useLanguage()
  return (
    <select
      aria-label={say('language')}
      value={language}
      onChange={(event) => speak(event.target.value as Language)}
      className="min-h-11 rounded-lg border border-line bg-panel px-2 font-[system-ui] text-sm"
    >
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  )
}

export function ThemeSwitch() {
  const say = useShellWords()
  const [dark, setDark] = useState(() => document.documentElement.classList.contains('dark'))
  const turn = () => {
    const next = !dark
    document.documentElement.classList.toggle('dark', next)
    try {
      localStorage.setItem('auricle.theme', next ? 'dark' : 'light')
    } catch {
      // then for this page only
    }
    setDark(next)
  }
  const name = `${say('theme')}: ${dark ? say('dark') : say('light')}`
  return (
    <Button kind="quiet" size="icon" aria-label={name} title={name} onClick={turn}>
      {dark ? <Moon aria-hidden className="size-5" /> : <Sun aria-hidden className="size-5" />}
    </Button>
  )
}
