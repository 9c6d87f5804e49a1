// Where one can go, and what one must be allowed to for it to be shown.
import {
  AudioLines,
  Bot,
  Building,
  Building2,
  CalendarDays,
  ChartColumn,
  FileText,
  Fingerprint,
  GraduationCap,
  Hospital,
  House,
  KeyRound,
  LayoutTemplate,
  LibraryBig,
  MessagesSquare,
  Mic,
  Phone,
  Plug,
  ScrollText,
  ShieldCheck,
  Siren,
  Users,
  Wrench,
  type LucideIcon,
} from 'lucide-react'
import type { LinkProps } from '@tanstack/react-router'
import type { Me } from '@/api/generated/types.gen'
import { mayBreakGlass } from '@/features/break-glass/may-see'
import type { useShellWords } from './words'

/** What belongs together: the work with patients, what is set up once, what is watched. */
export const GROUPS = ['care', 'setup', 'oversight'] as const

export interface Place {
  group: (typeof GROUPS)[number]
  to: NonNullable<LinkProps['to']>
  name: Parameters<ReturnType<typeof useShellWords>>[0]
  icon: LucideIcon
  shown: (me: Me) => boolean
  /** Who may open it by its address besides. */
  open?: (me: Me) => boolean
  /** The pages under it are for the same people. */
  whole?: boolean
}

const may =
  (...permissions: string[]) =>
  (me: Me) =>
    permissions.some((one) => me.permissions.includes(one))

export const PLACES: readonly Place[] = [
  { group: 'care', to: '/', name: 'home', icon: House, shown: () => true },
  { group: 'care', to: '/talk', name: 'talk', icon: Mic, shown: (me) => me.patient_id !== null, open: () => true },
  { group: 'care', to: '/live', name: 'live', icon: AudioLines, shown: may('consultations:listen') },
  { group: 'care', to: '/patients', name: 'patients', icon: Users, shown: may('patients:read') },
  { group: 'care', to: '/appointments', name: 'appointments', icon: CalendarDays, shown: may('appointments:read', 'own:book') },
  { group: 'care', to: '/consultations', name: 'consultations', icon: MessagesSquare, shown: may('consultations:read', 'own:read') },
  { group: 'care', to: '/notes', name: 'notes', icon: FileText, shown: may('notes:read', 'own:read') },
  { group: 'setup', to: '/note-templates', name: 'noteTemplates', icon: LayoutTemplate, shown: may('notes:templates'), open: may('notes:read') },
  { group: 'care', to: '/emergency', name: 'emergency', icon: Siren, shown: mayBreakGlass, open: may('break_glass:use') },
  { group: 'setup', to: '/knowledge', name: 'knowledge', icon: LibraryBig, shown: may('knowledge:write'), whole: true },
  { group: 'setup', to: '/agents', name: 'agents', icon: Bot, shown: may('agents:write'), whole: true },
  { group: 'setup', to: '/tools', name: 'tools', icon: Wrench, shown: may('agents:write') },
  { group: 'setup', to: '/providers', name: 'providers', icon: Plug, shown: may('providers:read') },
  { group: 'setup', to: '/clinic', name: 'clinic', icon: Hospital, shown: may('departments:write', 'professionals:write', 'professionals:own') },
  { group: 'setup', to: '/phone', name: 'phone', icon: Phone, shown: may('phone:read') },
  { group: 'oversight', to: '/members', name: 'members', icon: ShieldCheck, shown: (me) => me.organization_id !== null && may('members:write')(me) },
  { group: 'oversight', to: '/api-keys', name: 'apiKeys', icon: KeyRound, shown: may('keys:write') },
  { group: 'oversight', to: '/usage', name: 'usage', icon: ChartColumn, shown: may('usage:read', 'rates:read') },
  {
    group: 'oversight',
    to: '/privacy',
    name: 'privacy',
    icon: Fingerprint,
    shown: may('retention:write', 'consent:publish', 'break_glass:review', 'patients:erase', 'providers:write'),
  },
  { group: 'oversight', to: '/fine-tuning', name: 'fineTuning', icon: GraduationCap, shown: may('finetune:export') },
  { group: 'oversight', to: '/audit', name: 'audit', icon: ScrollText, shown: may('audit:read') },
  {
    group: 'oversight',
    to: '/organization',
    name: 'organization',
    icon: Building2,
    shown: (me) => me.organization_id !== null && may('organizations:settings')(me),
  },
  { group: 'oversight', to: '/organizations', name: 'organizations', icon: Building, shown: (me) => me.platform_admin },
]

/** The place at this address, where it is not for them. What a page under it shows, the API decides. */
export function closedTo(me: Me, pathname: string): Place | undefined {
  const place = PLACES.find(({ to, whole }) => pathname === to || pathname === `${to}/` || (whole && pathname.startsWith(`${to}/`)))
  return place && !place.shown(me) && !place.open?.(me) ? place : undefined
}
