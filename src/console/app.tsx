import { useEffect, useState } from 'preact/hooks'
import { failureIn } from './answers.ts'
import type { CallFailure, ServiceCalls } from './api.ts'
import { useIdle } from './idle.ts'
import { Button, Failed, Page } from './kit.tsx'
import { later } from './later.tsx'
import { type Me, mayKnowPolicy, SignedContext } from './me.ts'
import { Inbox } from './pages/inbox.tsx'
import { address, isInTeams, type Place, usePlace } from './router.ts'
import type { PageSession } from './session.ts'
import { kept, keep, themes, zones } from './taste.ts'
import { type Zone, ZoneContext } from './time.tsx'
import { words } from './words.ts'

const AbsencePage = later(async () => (await import('./pages/absence.tsx')).AbsencePage)
const Erase = later(async () => (await import('./pages/erase.tsx')).Erase)
const Evidence = later(async () => (await import('./pages/evidence.tsx')).Evidence)
const Exceptions = later(async () => (await import('./pages/exceptions.tsx')).Exceptions)
const HealthPage = later(async () => (await import('./pages/health.tsx')).HealthPage)
const HoldsPage = later(async () => (await import('./pages/holds.tsx')).HoldsPage)
const Metrics = later(async () => (await import('./pages/metrics.tsx')).Metrics)
const PolicyPage = later(async () => (await import('./pages/policy.tsx')).PolicyPage)
const Request = later(async () => (await import('./pages/request.tsx')).Request)
const Search = later(async () => (await import('./pages/search.tsx')).Search)

interface AppProps {
  readonly api: ServiceCalls
  readonly me: Me
  readonly session: PageSession
  /** Signs in anew, and draws the console of who is signed in then. */
  readonly again: () => Promise<void>
}

/** The console of a person who is signed in: where they can go, and the page of the address. */
export function App({ api, me, session, again }: AppProps) {
  const place = usePlace()
  const [zone, setZone] = useState<Zone>(() => kept('zone', zones, 'local'))
  const isIdle = useIdle(() => {
    api.end()
    session.forget()
  })
  if (isIdle) return <Away again={again} />
  return (
    <SignedContext.Provider value={{ api, me, session }}>
      <ZoneContext.Provider value={zone}>
        <a class="skip" href="#page">
          {words.skip}
        </a>
        <div class="shell">
          <Side me={me} place={place} session={session} zone={zone} setZone={setZone} />
          <main id="page" tabIndex={-1}>
            <PageOf place={place} />
          </main>
        </div>
      </ZoneContext.Provider>
    </SignedContext.Provider>
  )
}

interface SideProps {
  readonly me: Me
  readonly place: Place
  readonly session: PageSession
  readonly zone: Zone
  readonly setZone: (zone: Zone) => void
}

/** Where this person can go, and how they want to see it. What they may do is decided by the service all the same. */
function Side({ me, place, session, zone, setZone }: SideProps) {
  return (
    <header class="side">
      <a class="brand" href={address('')}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect x="4" y="2" width="24" height="28" rx="3" />
          <path d="M10 12l4.5 4.5L22.5 8M9 24.5c1.5-2.5 3-2.5 3.3-.6s1.5 1.6 2.6 0 2-1.6 2.5 0 1.5 1.4 2.4 0 1.7-1.1 3.2-.3" />
        </svg>
        {words.product}
      </a>
      <nav aria-label={words.navigation}>
        {linksFor(me).map(([path, label]) => (
          <a key={path} href={address(path)} {...(isAt(place.path, path) && { 'aria-current': 'page' })}>
            {label}
          </a>
        ))}
      </nav>
      <div class="taste">
        <label>
          <span>{words.zone}</span>
          <select
            value={zone}
            onChange={(event) => {
              const chosen = event.currentTarget.value as Zone
              keep('zone', chosen)
              setZone(chosen)
            }}
          >
            {zones.map((one) => (
              <option key={one} value={one}>
                {words.zones[one]}
              </option>
            ))}
          </select>
        </label>
        {/* Teams has colours of its own, which the page follows. */}
        {!isInTeams && <Colours />}
        <p class="who" title={me.id}>
          {me.name}
        </p>
        {session.leave && <Button onPress={() => void session.leave?.()}>{words.signOut}</Button>}
      </div>
    </header>
  )
}

/** The pages that this person's roles and groups open, as paths with labels. */
function linksFor(me: Me): readonly (readonly [string, string])[] {
  const { pages } = words
  const { roles } = me
  const isReader = roles.includes('Evidence.Read')
  const open = {
    policy: mayKnowPolicy(me),
    ...{ exceptions: isReader, metrics: isReader, evidence: isReader },
    holds: isReader || roles.includes('Evidence.Hold'),
    away: isReader || me.groups.length > 0,
    health: isReader,
  }
  const more = (Object.keys(open) as readonly (keyof typeof open)[]).filter((page) => open[page])
  return [['', pages.inbox], ['requests', pages.requests], ...more.map((page) => [page, pages[page]] as const)]
}
/** The colours that the reader wants. */
function Colours() {
  const [theme, setTheme] = useState(() => kept('theme', themes, 'auto'))
  useEffect(() => {
    keep('theme', theme)
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  return (
    <label>
      <span>{words.theme}</span>
      <select value={theme} onChange={(event) => setTheme(event.currentTarget.value as typeof theme)}>
        {themes.map((one) => (
          <option key={one} value={one}>
            {words.themes[one]}
          </option>
        ))}
      </select>
    </label>
  )
}

const isAt = (path: string, link: string): boolean =>
  link === '' ? path === '' : path === link || path.startsWith(`${link}/`)

function PageOf({ place: { path, query } }: { readonly place: Place }) {
  const [page, id, ...rest] = path.split('/')
  if (page === 'requests' && id !== undefined && rest.length === 0) return <Request key={id} id={id} />
  if (page === 'requests' && id !== undefined && rest.join('/') === 'erase') return <Erase key={id} id={id} />
  if (path === '') return <Inbox />
  if (path === 'requests') return <Search query={query} />
  if (path === 'exceptions') return <Exceptions query={query} />
  if (path === 'metrics') return <Metrics query={query} />
  if (path === 'evidence') return <Evidence query={query} />
  if (path === 'policy') return <PolicyPage query={query} />
  if (path === 'holds') return <HoldsPage query={query} />
  if (path === 'away') return <AbsencePage />
  if (path === 'health') return <HealthPage />
  return (
    <Page title={words.notFound}>
      <p>{words.notFoundAbout}</p>
      <p>
        <a href={address('')}>{words.toInbox}</a>
      </p>
    </Page>
  )
}

/**
 * In place of a page that nobody touched for long. Nothing of it is left in the document. What was typed comes back if the
 * same person signs in.
 */
function Away({ again }: Pick<AppProps, 'again'>) {
  const [failure, setFailure] = useState<CallFailure | null>(null)
  const goOn = () => again().catch((cause: unknown) => setFailure(failureIn(cause)))
  return (
    <main class="away">
      <Page title={words.idle}>
        <p>{words.idleAbout}</p>
        {failure && <Failed failure={failure} />}
        <Button tone="primary" onPress={() => void goOn()}>
          {words.goOn}
        </Button>
      </Page>
    </main>
  )
}
