// Where one can go, and what one must be allowed to for it to be shown.
import {
  AudioLines,
  Bot,
  Building2,
  CalendarDays,
  ChartColumn,
  FileText,
  House,
  LibraryBig,
  MessagesSquare,
  Mic,
  Phone,
  Plug,
  ScrollText,
  ShieldCheck,
  Users,
  type LucideIcon,
} from 'lucide-react'
import type { LinkProps } from '@tanstack/react-router'
import type { Me } from '@/api/generated/types.gen'
import type { useShellWords } from './words'

export interface Place {
  to: NonNullable<LinkProps['to']>
  name: Parameters<ReturnType<typeof useShellWords>>[0]
  icon: LucideIcon
  shown: (me: Me) => boolean
}

const may =
  (...permissions: string[]) =>
  (me: Me) =>
    permissions.some((one) => me.permissions.includes(one))

export const PLACES: readonly Place[] = [
  { to: '/', name: 'home', icon: House, shown: () => true },
  { to: '/talk', name: 'talk', icon: Mic, shown: (me) => me.patient_id !== null },
  { to: '/live', name: 'live', icon: AudioLines, shown: may('consultations:listen') },
  { to: '/patients', name: 'patients', icon: Users, shown: may('patients:read') },
  { to: '/appointments', name: 'appointments', icon: CalendarDays, shown: may('appointments:read', 'own:book') },
  { to: '/consultations', name: 'consultations', icon: MessagesSquare, shown: may('consultations:read', 'own:read') },
  { to: '/notes', name: 'notes', icon: FileText, shown: may('notes:read', 'own:read') },
  { to: '/knowledge', name: 'knowledge', icon: LibraryBig, shown: may('knowledge:write') },
  { to: '/agents', name: 'agents', icon: Bot, shown: may('agents:write') },
  { to: '/providers', name: 'providers', icon: Plug, shown: may('providers:read') },
  { to: '/phone', name: 'phone', icon: Phone, shown: may('phone:read') },
  { to: '/members', name: 'members', icon: ShieldCheck, shown: may('members:write') },
  { to: '/usage', name: 'usage', icon: ChartColumn, shown: may('usage:read') },
  { to: '/audit', name: 'audit', icon: ScrollText, shown: may('audit:read') },
  { to: '/organizations', name: 'organizations', icon: Building2, shown: (me) => me.platform_admin },
]
