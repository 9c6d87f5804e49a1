// The frame around every page of a signed-in person: places on the left, who and where above.
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { LogOut, Menu, UserRound, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { LiveEvents } from '@/events/live'
import { useMe, useSession } from '@/session/session'
import { Button } from '@/ui/button'
import { Page } from '@/ui/page'
import { useCommonWords } from '@/ui/words'
import { IdleWatch } from './idle'
import { LeaveQuestion } from './leave'
import { closedTo, GROUPS, PLACES, type Place } from './places'
import { LanguageSwitch, ThemeSwitch } from './preferences'
import { useShellWords } from './words'

export function Shell() {
  const say = useShellWords()
  const [open, setOpen] = useState(false)
  const { pathname } = useLocation()
  useEffect(() => setOpen(false), [pathname])
  useEffect(() => {
    if (!open) return
    const escape = ({ key }: KeyboardEvent) => key === 'Escape' && setOpen(false)
    document.addEventListener('keydown', escape)
    return () => document.removeEventListener('keydown', escape)
  }, [open])
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="sr-only rounded-lg bg-brand px-4 py-2 text-brand-ink focus:not-sr-only focus:absolute focus:z-50"
      >
        {say('skip')}
      </a>
      <Header open={open} turn={() => setOpen(!open)} />
      <LiveEvents />
      <IdleWatch />
      <LeaveQuestion />
      <div className="flex flex-1">
        <nav
          aria-label={say('navigation')}
          id="places"
          className={`no-print w-60 shrink-0 border-r border-line bg-panel p-3 max-lg:fixed max-lg:inset-y-0 max-lg:top-16 max-lg:z-40 max-lg:overflow-y-auto max-lg:shadow-xl ${open ? '' : 'max-lg:hidden'}`}
        >
          <Places onGo={() => setOpen(false)} />
        </nav>
        <main id="content" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          <Content />
        </main>
      </div>
    </div>
  )
}

/** The page, or that it is not for this reader. Each still asks the API for what it shows: this only says so in words. */
function Content() {
  const say = useShellWords()
  const common = useCommonWords()
  const { pathname } = useLocation()
  const closed = closedTo(useMe(), pathname)
  if (!closed) return <Outlet />
  return (
    <Page title={say(closed.name)}>
      <p>{common('notAllowed')}</p>
    </Page>
  )
}

function Header({ open, turn }: { open: boolean; turn: () => void }) {
  const say = useShellWords()
  const me = useMe()
  const { signOut } = useSession()
  const name = [me.given_name, me.family_name].filter(Boolean).join(' ') || me.email
  return (
    <header className="no-print sticky top-0 z-40 flex h-16 items-center gap-2 border-b border-line bg-panel px-3 sm:px-5">
      <Button
        kind="quiet"
        size="icon"
        aria-label={say('menu')}
        aria-expanded={open}
        aria-controls="places"
        onClick={turn}
        className="lg:hidden"
      >
        {open ? <X aria-hidden className="size-5" /> : <Menu aria-hidden className="size-5" />}
      </Button>
      <Link to="/" className="flex min-w-0 items-center gap-2">
        <img src="/icon.svg" alt="" className="size-8" />
        <span className="min-w-0">
          <span className="block leading-tight font-semibold max-sm:sr-only">Auricle</span>
          <span className="block truncate text-xs text-soft">{me.organization ?? say('platform')}</span>
        </span>
      </Link>
      <div className="ml-auto flex items-center gap-1 sm:gap-2">
        <span className="max-sm:hidden">
          <LanguageSwitch />
        </span>
        <ThemeSwitch />
        <Button asChild kind="quiet" className="max-sm:px-2">
          <Link to="/account" aria-label={`${say('account')}: ${name}`}>
            <UserRound aria-hidden className="size-5" />
            <span className="max-w-40 truncate max-md:hidden">{name}</span>
          </Link>
        </Button>
        <Button kind="quiet" size="icon" aria-label={say('signOut')} title={say('signOut')} onClick={() => void signOut()}>
          <LogOut aria-hidden className="size-5" />
        </Button>
      </div>
    </header>
  )
}

/** `onGo` is told also of the place where one is already: the menu over it goes away. */
function Places({ onGo }: { onGo: () => void }) {
  const say = useShellWords()
  const me = useMe()
  const groups = GROUPS.map((group) => [group, PLACES.filter((place) => place.group === group && place.shown(me))] as const)
  const named = groups.filter(([, places]) => places.length > 0).length > 1
  return (
    <div className="flex flex-col gap-4">
      {groups.map(
        ([group, places]) =>
          places.length > 0 && (
            <div key={group}>
              {named && (
                <h2 id={`places-${group}`} className="px-3 pb-1 text-xs font-semibold text-soft">
                  {say(group)}
                </h2>
              )}
              <ul aria-labelledby={named ? `places-${group}` : undefined} className="flex flex-col gap-1">
                {places.map((place) => (
                  <PlaceLink key={place.to} place={place} onGo={onGo} />
                ))}
              </ul>
            </div>
          ),
      )}
      <div className="px-3 sm:hidden">
        <LanguageSwitch />
      </div>
    </div>
  )
}

function PlaceLink({ place, onGo }: { place: Place; onGo: () => void }) {
  const say = useShellWords()
  return (
    <li>
      <Link
        to={place.to}
        onClick={onGo}
        activeOptions={{ exact: place.to === '/' }}
        className="flex min-h-11 items-center gap-3 rounded-lg px-3 text-sm font-medium text-soft hover:bg-sunken hover:text-ink"
        activeProps={{ className: 'bg-brand-wash text-ink', 'aria-current': 'page' }}
      >
        <place.icon aria-hidden className="size-5 shrink-0" />
        {say(place.name)}
      </Link>
    </li>
  )
}
