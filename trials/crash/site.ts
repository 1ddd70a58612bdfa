import { isDeepStrictEqual } from 'node:util'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { OcsfSinkSettings } from '../../src/azure/ocsfSink.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { publicGitHub } from '../../src/github/settings.ts'
import { localRsaKey } from '../../src/local/rsaKey.ts'
import type { SealReport } from '../../src/local/sealing.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import type { Answer } from '../../test/support/stack.ts'
import { delivered, gitHubApp, type GitHubDouble, startGitHub } from '../../test/support/gitHubDouble.ts'
import { signed, slackApp } from '../../test/support/slackDouble.ts'
import { inField } from '../../test/support/slackPayloads.ts'
import { click } from '../../test/support/teamsDouble.ts'
import type { ChannelKind } from '../../src/ports/channel.ts'
import type { Account, Grounds } from './grounds.ts'
import type { Order } from './app.ts'
import { patience } from './patience.ts'
import type { AppProcess } from './process.ts'
import { type Rooms, startRooms } from './rooms.ts'
import { type Acknowledged, demand, type Truth, truthOf } from './truth.ts'
import { type Kill, startWire } from './wire.ts'

/** What an app has to do with, beside its storage. */
export interface SiteParts {
  /** The rooms that policy names. */
  readonly kinds: readonly ChannelKind[]
  /** The sinks, which write lines into the storage. */
  readonly sinks: readonly OcsfSinkSettings[]
}

/**
 * One app on a storage account of its own. It is killed at most once. Then it starts again, and callers without an
 * answer repeat their calls, as clients do.
 */
export interface Site extends SiteParts {
  /** The account, reached directly and not over the wire. */
  readonly account: Account
  readonly folder: string
  readonly rooms: Rooms
  readonly github: GitHubDouble
  /** The calls that were counted on the wire. */
  readonly calls: readonly string[]
  /** Whether the app was killed. */
  hasCrashed(): boolean
  /** Begins to count calls, at one of which the app is killed. */
  count(): void
  start(): Promise<void>
  call(who: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** Deletes what the path names. */
  remove(who: string, path: string): Promise<Answer>
  /** Clicks in Teams. Returns the card that is shown then. */
  click(who: string, verb: string, data: object, card?: PostedCard): Promise<JsonObject>
  /** Sends what Slack sends when a person acts there. */
  toSlack(payload: object): Promise<Answer>
  /** Sends what GitHub sends, again if it got no answer. */
  fromGitHub(call: ReturnType<typeof delivered>): Promise<Answer>
  /** Downloads a file. */
  download(who: string, path: string): Promise<Buffer>
  /** Notes that a caller knows of this event, which must never be lost from now on. */
  acknowledge(request: string, event: string): void
  /** Waits until all cards are delivered. After a crash or a passing error, lets as much time pass as that takes. */
  deliverAll(): Promise<void>
  /** Lets time pass, and then runs the timers. */
  pass(seconds: number): Promise<void>
  seal(): Promise<SealReport>
  truth(): Promise<Truth>
  /** Counts how often the storage took too long. Each time may leave the same as a crash. */
  troubles(): number
  /** The errors that the running app would have logged. */
  errors(): readonly string[]
  /** @param hasHeld whether the process may serve another site */
  close(hasHeld: boolean): Promise<void>
}

/** The key of the GitHub App, of all sites. */
const gitHubKey = localRsaKey()

/** Seconds after which a claim on a delivery has lapsed, if its holder was killed. */
const claimLapses = 31

/** Rounds of the timers until all cards are delivered. Each may find a claim that lasts longer. */
const mostRounds = 12

export async function openSite(grounds: Grounds, { kinds, sinks }: SiteParts, kill: Kill | null): Promise<Site> {
  const account = grounds.account()
  const folder = join(grounds.folder, account.account)
  await mkdir(folder)
  let ahead = 0
  const [rooms, github, policy] = await Promise.all([
    startRooms(),
    startGitHub(gitHubKey.publicKey, () => Date.now() + ahead),
    grounds.policy(kinds),
  ])
  const acknowledged: Acknowledged[] = []
  let app: AppProcess | null = null
  let origin = ''
  let crash: Promise<void> | null = null
  let isBack = false
  let troubles = 0
  const patiently = patience(() => {
    troubles += 1
  })
  const die = () => (crash ??= app?.kill() ?? Promise.resolve())
  const wire = await startWire(account, { ...rooms, github }, { kill, die })
  const { graphUrl, issuer, jwksUri } = grounds.identity

  async function launch(process: AppProcess): Promise<void> {
    troubles += app?.troubles() ?? 0
    app = process
    const given = {
      ...{ data: folder, azurite: wire.account, connector: rooms.connector.url, botKeys: grounds.teams.keysUrl, ahead },
      ...{ identity: { graphUrl, issuer, jwksUri }, policy, sinks },
      gitHub: {
        settings: { appId: gitHubApp.appId, secret: gitHubApp.secret, api: publicGitHub },
        ...{ privateKey: gitHubKey.privateKey, url: wire.gitHubUrl },
      },
      ...(kinds.includes('slack') && { slack: { settings: slackApp, url: wire.slackUrl } }),
    }
    origin = await patiently(() => process.open(given))
  }

  /** Starts the app again after it was killed. Checks first what it left behind. */
  async function isRestarted(): Promise<boolean> {
    if (crash === null || isBack) return false
    await crash
    await wire.idle()
    isBack = true
    await truthOf(account, acknowledged)
    await launch(grounds.process())
    return true
  }

  /** Repeats a call that a crash left unanswered, twice: both answers must be the same. */
  async function surely<T>(act: (app: AppProcess) => Promise<T>, isSame?: (one: T, other: T) => boolean): Promise<T> {
    try {
      return await act(running())
    } catch (cause) {
      if (!(await isRestarted())) throw cause
      const first = await act(running())
      if (isSame) {
        const second = await act(running())
        demand(isSame(first, second), `repeated, the call is answered ${text(first)}, then ${text(second)}`)
      }
      return first
    }
  }
  const running = (): AppProcess => {
    if (!app) throw new Error('The app was not started.')
    return app
  }
  const order = (given: () => Order) => surely((one) => patiently(() => one.order(given())))

  async function sent(who: string | null, path: string, init: RequestInit): Promise<Response> {
    const authorization = who === null ? await grounds.teams.token() : await grounds.token(who)
    const headers = { authorization: `Bearer ${authorization}`, ...init.headers }
    return fetch(origin + path, { ...init, headers })
  }
  function fromSlack(payload: object): RequestInit {
    const { bytes: body, signature, timestamp } = signed(inField(payload), Date.now() + ahead)
    const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': timestamp }
    return { method: 'POST', body, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' } }
  }
  async function answered(who: string | null, path: string, init: RequestInit): Promise<Answer> {
    const once = async (): Promise<Answer> => {
      const answer = await sent(who, path, init)
      const text = await answer.text()
      const body: unknown = text === '' ? null : JSON.parse(text)
      return { status: answer.status, headers: answer.headers, body }
    }
    return patiently(once, ({ status, body }) => status === 503 || body?.statusCode === 503)
  }
  const post = (body: unknown, headers: Record<string, string> = {}): RequestInit =>
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers }

  /** Delivers all waiting cards, as the timers do. Claims may belong to a killed process. */
  async function deliver(): Promise<void> {
    for (let round = 0; round < mostRounds; round++) {
      const { undelivered } = await truthOf(account, acknowledged)
      if (undelivered.length === 0) return
      ahead += claimLapses * 1000
      await order(() => ({ kind: 'sweep', ahead }))
    }
    const { undelivered } = await truthOf(account, acknowledged)
    demand(undelivered.length === 0, `cards stay out of date: ${undelivered.join(', ')}`)
  }

  return {
    ...{ account, folder, rooms, github, kinds, sinks, calls: wire.calls },
    hasCrashed: () => crash !== null,
    count: () => wire.count(),
    async start() {
      await launch(grounds.process()).catch(async (cause: unknown) => {
        if (!(await isRestarted())) throw cause
      })
    },
    remove: (who, path) => surely(() => answered(who, path, { method: 'DELETE' }), isSameAnswer),
    call: (who, path, body, headers) => surely(() => answered(who, path, post(body, headers)), isSameAnswer),
    async click(who, verb, data, card) {
      const given = click(who, verb, data, card)
      const { status, body } = await surely(() => answered(null, '/api/messages', post(given)), isSameAnswer)
      demand(status === 200 && isCard(body), `${verb} is answered ${status} ${JSON.stringify(body)}`)
      return body.value as JsonObject
    },
    async toSlack(payload) {
      const given = fromSlack(payload)
      const answer = await surely(() => answered(null, '/api/slack', given))
      demand(answer.status === 200, `Slack is answered ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    },
    async fromGitHub({ event, signature, bytes: body }) {
      const headers = { 'x-github-event': event, 'x-hub-signature-256': signature }
      const given = { method: 'POST', body, headers }
      const answer = await surely(() => answered(null, '/api/hooks/github', given), isSameAnswer)
      demand(answer.status === 202, `GitHub is answered ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    },
    async download(who, path) {
      const answer = await sent(who, path, {})
      demand(answer.status === 200, `${path} is answered ${answer.status}`)
      return Buffer.from(await answer.arrayBuffer())
    },
    acknowledge: (request, event) => void acknowledged.push({ request, event }),
    async deliverAll() {
      await order(() => ({ kind: 'idle' }))
      await isRestarted()
      await deliver()
    },
    async pass(seconds) {
      ahead += seconds * 1000
      await order(() => ({ kind: 'sweep', ahead }))
    },
    seal: async () => (await order(() => ({ kind: 'seal', ahead }))) as SealReport,
    troubles: () => troubles + running().troubles(),
    errors: () => running().errors,
    truth: () => truthOf(account, acknowledged),
    async close(hasHeld) {
      if (hasHeld && app) grounds.keep(app)
      else await app?.kill()
      await Promise.all([wire.close(), rooms.close(), github.close()])
    },
  }
}

/**
 * Compares two answers. The first of two asks may create the request that the second finds, and a card may come meanwhile. A
 * problem names each of its occurrences.
 */
const isSameAnswer = (one: Answer, other: Answer): boolean =>
  isDeepStrictEqual(lasting(one.body), lasting(other.body)) && [one.status, 200].includes(other.status)

/** What does not change by itself between two answers. The service uses up the approval of a deployment as soon as it can. */
const lasting = (body: Answer['body']) => ({
  ...body,
  ...{ delivery: null, instance: null },
  ...(body?.action === 'github.deploy' &&
    ['approved', 'redeemed'].includes(body.status) && { status: 'approved', redeemedAt: null, next: null }),
})

const isCard = (body: Answer['body']): boolean => body.type === 'application/vnd.microsoft.card.adaptive'

const text = (value: unknown): string => JSON.stringify(value)
