// Every page by its path. A page's code is fetched when it is first gone to.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
  Outlet,
  useLocation,
  useNavigate,
} from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useSession } from '@/session/session'
import { Shell } from '@/shell/shell'
import { Button } from '@/ui/button'
import { Page } from '@/ui/page'
import { Refused, Skeleton } from '@/ui/states'
import { useCommonWords } from '@/ui/words'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Failed })

const entry = createRoute({ getParentRoute: () => root, id: 'entry', component: Entry })
const inside = createRoute({ getParentRoute: () => root, id: 'inside', component: Inside })

/** A page of somebody who is signed in. Its module exports the component by this name. */
function page<P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) {
  return createRoute({
    getParentRoute: () => inside,
    path,
    component: lazyRouteComponent(load as never, name as never),
    validateSearch: (search: Record<string, unknown>) => search as Record<string, string | undefined>,
  })
}

function door<P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) {
  return createRoute({
    getParentRoute: () => entry,
    path,
    component: lazyRouteComponent(load as never, name as never),
    validateSearch: (search: Record<string, unknown>) => search as Record<string, string | undefined>,
  })
}

const tree = root.addChildren([
  entry.addChildren([
    door('/sign-in', () => import('@/features/entry/sign-in'), 'SignIn'),
    door('/forgotten', () => import('@/features/entry/forgotten'), 'Forgotten'),
    door('/reset-password', () => import('@/features/entry/reset'), 'Reset'),
    door('/register', () => import('@/features/entry/register'), 'Register'),
    door('/sign-in/google', () => import('@/features/entry/google'), 'GoogleReturn'),
    door('/invitation', () => import('@/features/entry/invitation'), 'Invitation'),
  ]),
  inside.addChildren([
    page('/', () => import('@/features/home/home'), 'Home'),
    page('/account', () => import('@/features/account/account'), 'Account'),
    page('/talk', () => import('@/features/room/talk'), 'Talk'),
    page('/talk/$consultationId', () => import('@/features/room/room'), 'ConsultationRoom'),
    page('/live', () => import('@/features/live/live'), 'Live'),
    page('/live/$consultationId', () => import('@/features/live/listening'), 'Listening'),
    page('/patients', () => import('@/features/patients/patients'), 'Patients'),
    page('/patients/$patientId', () => import('@/features/patients/patient'), 'PatientRecord'),
    page('/appointments', () => import('@/features/appointments/appointments-page'), 'AppointmentsPage'),
    page('/consultations', () => import('@/features/consultations/consultations'), 'Consultations'),
    page('/consultations/$consultationId', () => import('@/features/consultations/consultation'), 'ConsultationPage'),
    page('/notes', () => import('@/features/notes/notes'), 'Notes'),
    page('/notes/$noteId', () => import('@/features/notes/review'), 'NoteReview'),
    page('/note-templates', () => import('@/features/note-templates/templates'), 'NoteTemplates'),
    page('/note-templates/new', () => import('@/features/note-templates/template'), 'NewTemplate'),
    page('/note-templates/$templateKey', () => import('@/features/note-templates/template'), 'TemplatePage'),
    page('/knowledge', () => import('@/features/knowledge/knowledge'), 'KnowledgePage'),
    page('/knowledge/evaluations/$evaluationId', () => import('@/features/knowledge/evaluation'), 'EvaluationPage'),
    page('/knowledge/evaluations/$evaluationId/runs/$runId', () => import('@/features/knowledge/evaluation-run'), 'EvaluationRunPage'),
    page('/agents', () => import('@/features/agents/agents'), 'Agents'),
    page('/agents/$agentId', () => import('@/features/agents/agent'), 'AgentPage'),
    page('/tools', () => import('@/features/tools/tools-page'), 'ToolsPage'),
    page('/providers', () => import('@/features/providers/providers-page'), 'ProvidersPage'),
    page('/phone', () => import('@/features/phone/phone-page'), 'PhonePage'),
    page('/members', () => import('@/features/members/members-page'), 'MembersPage'),
    page('/usage', () => import('@/features/usage/usage-page'), 'UsagePage'),
    page('/clinic', () => import('@/features/clinic/clinic-page'), 'ClinicPage'),
    page('/api-keys', () => import('@/features/api-keys/keys-page'), 'KeysPage'),
    page('/fine-tuning', () => import('@/features/fine-tuning/fine-tuning-page'), 'FineTuningPage'),
    page('/audit', () => import('@/features/audit/audit-page'), 'AuditPage'),
    page('/privacy', () => import('@/features/privacy/privacy-page'), 'PrivacyPage'),
    page('/emergency', () => import('@/features/break-glass/emergency'), 'Emergency'),
    page('/emergency/$accessId', () => import('@/features/break-glass/access'), 'EmergencyAccess'),
    page('/organizations', () => import('@/features/organizations/organizations-page'), 'OrganizationsPage'),
    page('/organizations/$organizationId', () => import('@/features/organizations/organization-page'), 'OrganizationPage'),
    page('/organization', () => import('@/features/organizations/organization-page'), 'OwnOrganization'),
  ]),
])

export const router = createRouter({ routeTree: tree, defaultPreload: 'intent', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

function Entry() {
  const { me } = useSession()
  const { search } = useLocation()
  if (me) return <Elsewhere href={inner((search as Record<string, string>).next)} />
  return <Outlet />
}

/** Only a path of our own: an address of elsewhere in `next` leads nowhere. */
function inner(next: string | undefined): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.includes('\\') ? next : '/'
}

/** Goes there once. The router's own `Navigate` goes again with every render, and a render follows each going; by then the
 *  place is another, and where to go from it would be too: a sign-in whose `next` is a sign-in, without end. */
function Elsewhere({ href }: { href: string }) {
  const navigate = useNavigate()
  const [goal] = useState(href)
  useEffect(() => void navigate({ href: goal, replace: true }), [navigate, goal])
  return null
}

function Inside() {
  const { me } = useSession()
  const { href } = useLocation()
  if (me === undefined)
    return (
      <div className="p-6">
        <Skeleton />
      </div>
    )
  if (me === null) return <Elsewhere href={href === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(href)}`} />
  return <Shell />
}

function NotFound() {
  const say = useCommonWords()
  return (
    <Page title={say('notFound')} hint={say('notFoundHint')}>
      <Button asChild>
        <Link to="/">{say('back')}</Link>
      </Button>
    </Page>
  )
}

function Failed({ error }: { error: unknown }) {
  const say = useCommonWords()
  return (
    <Page title={say('wrong')}>
      <Refused error={error} retry={() => window.location.reload()} />
    </Page>
  )
}
