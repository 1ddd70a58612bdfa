import { HttpRequest } from '@azure/functions'
import { type BrowserContext, chromium, type Page, type Route } from 'playwright-core'
import { parseRequestId } from '../../src/core/data/id.ts'
import { Bundles } from '../../src/evidence/read/bundles.ts'
import { consolePages } from '../../src/http/console.ts'
import { readConsole } from '../../src/runtime/folder.ts'
import { proofsIn } from '../../src/verify/proof.ts'
import { day } from '../evidence/days.ts'
import { chromiumPath } from '../support/chromium.ts'
import { dates, type Sealed } from '../verify/days.ts'

/** The console's pages of evidence in a browser, with days that lie in memory behind them. */
export interface EvidencePage {
  readonly page: Page
  /** The request of which the first day tells all. */
  readonly request: string
  close(): Promise<void>
}

export const origin = 'https://countersign.test'
const issuer = 'https://issuer.test'

/** The hour at which the browser believes to be: the morning after the days. */
const now = '2026-03-09T00:30:00.000Z'

const settings = { authority: issuer, clientId: 'console', scope: 'api/access_as_user', hosts: [] }

/** Opens the page of evidence for a person with the roles to read and to export it. */
export async function openEvidencePage(days: Sealed): Promise<EvidencePage> {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] })
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  context.setDefaultTimeout(60_000)
  await context.clock.setFixedTime(now)
  await signingIn(context)
  const request = await serviceOf(context, days)
  const page = await context.newPage()
  await page.goto(`${origin}/console/evidence`)
  await page.getByRole('heading', { level: 1, name: 'Evidence' }).waitFor()
  return { page, request, close: () => browser.close() }
}

/** An issuer that lets everybody in without a question. */
async function signingIn(context: BrowserContext): Promise<void> {
  let nonce = ''
  const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
  await context.route(`${issuer}/**`, async (route) => {
    const url = new URL(route.request().url())
    if (url.pathname === '/authorize') {
      nonce = url.searchParams.get('nonce') ?? ''
      const to = `${url.searchParams.get('redirect_uri')}?code=1&state=${url.searchParams.get('state')}`
      return route.fulfill({
        contentType: 'text/html',
        body: `<script>location.replace(${JSON.stringify(to)})</script>`,
      })
    }
    if (url.pathname === '/token') return route.fulfill({ headers, json: tokens(nonce) })
    const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` }
    return route.fulfill({ headers, json: { issuer, ...endpoints } })
  })
}

function tokens(nonce: string): object {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const at = Date.parse(now) / 1000
  const claims = { iss: issuer, aud: settings.clientId, sub: 'a', iat: at, exp: at + 3600, nonce }
  // It comes over TLS from the issuer, so the client does not look at its signature (OpenID Connect Core, 3.1.3.7).
  const idToken = `${encoded({ alg: 'RS256' })}.${encoded(claims)}.AA`
  return { access_token: 'token', token_type: 'Bearer', expires_in: 3600, id_token: idToken }
}

/** Answers what the pages ask for, with the console's own handler and from the days. Returns a request of the first. */
async function serviceOf(context: BrowserContext, days: Sealed): Promise<string> {
  const { archive, seals, clock } = days.sealer
  const pages = consolePages({ files: () => readConsole('dist/console'), settings })
  const file = await days.file(day(4))
  const leaves = String((await days.members(day(4))).get('records.jsonl'))
    .split('\n')
    .slice(0, -1)
  const events = leaves.map((leaf) => JSON.parse(leaf) as { request?: string; type: string })
  const request = events.find(({ type }) => type === 'succeeded')?.request ?? ''
  const proofs = async () =>
    (await proofsIn(file, parseRequestId(request))).map(({ event, text }) => ({ seq: event.seq, text }))
  const sealed = { date: day(4), number: 1 }
  const answers: Readonly<Record<string, () => unknown>> = {
    me: () => ({ id: 'a', name: 'Compliance', roles: ['Evidence.Read', 'Evidence.Export'], groups: [] }),
    'evidence/bundles': () => new Bundles({ seals, archive, clock }).list(),
    [`requests/${request}`]: () => requestAnswer(request),
    [`requests/${request}/proof`]: async () => ({ proofs: await proofs(), unsealed: [] }),
    [`requests/${request}/events`]: () => ({
      events: leaves
        .filter((_, i) => events[i]?.request === request)
        .map((leaf) => ({ leaf, hash: leaf, sealed, said: {} })),
      people: {},
    }),
  }
  const files: Readonly<Record<string, () => Promise<Uint8Array | string | null>>> = {
    'evidence/checkpoint': () => archive.read(`checkpoints/${dates.at(-1)}`),
    ...Object.fromEntries(dates.map((date) => [`evidence/bundles/${date}`, () => days.zip(date)])),
    ...Object.fromEntries(dates.map((date) => [`evidence/said/${date}`, () => days.said(date)])),
  }
  const api = async (route: Route, path: string) => {
    const [answer, found] = [answers[path], files[path]]
    if (answer) return route.fulfill({ json: await answer() })
    if (found) return route.fulfill({ body: Buffer.from((await found()) ?? []) })
    return route.fulfill({ status: 404, json: { code: 'not-found', detail: 'There is no such thing.' } })
  }
  await context.route(`${origin}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname
    if (path.startsWith('/api/')) return api(route, path.slice('/api/'.length))
    if (path === '/console/config.json') return route.fulfill({ json: settings })
    const params = { path: path.replace(/^\/console\//, '') }
    const answering = await pages(new HttpRequest({ method: 'GET', url: `${origin}${path}`, params }))
    const { body, headers } = (await answering.answer).response
    return route.fulfill({ body: Buffer.from(body as Uint8Array), headers: headers as Record<string, string> })
  })
  return request
}

/** As much of a request as its story needs. */
const requestAnswer = (id: string) => ({
  ...{
    id,
    status: 'succeeded',
    action: 'db.export',
    target: 'a',
    environment: 'production',
    digest: `sha256:${'0'.repeat(64)}`,
  },
  ...{ agent: { id: 'b', name: 'deploy-bot' }, executor: 'b', policy: { rules: [], outcome: 'approve' } },
  ...{ approvals: { required: [], decisions: [] }, delivery: 'ok', createdAt: now, next: 'stop' },
})
