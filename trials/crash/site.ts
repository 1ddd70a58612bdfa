import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject } from '../../src/core/data/json.ts'
import type { SealReport } from '../../src/local/sealing.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import { type Connector, startConnector } from '../../test/support/connector.ts'
import type { Answer } from '../../test/support/stack.ts'
import { click } from '../../test/support/teamsDouble.ts'
import type { Account, Grounds } from './grounds.ts'
import type { Order } from './app.ts'
import { patience } from './patience.ts'
import type { AppProcess } from './process.ts'
import { type Acknowledged, demand, type Truth, truthOf } from './truth.ts'
import { type Kill, startWire } from './wire.ts'

/**
 * One app on a storage account of its own. It is killed at most once; then it starts again, and whoever waited for an
 * answer repeats what was asked, as clients do.
 */
export interface Site {
  /** The account, past the wire. */
  readonly account: Account
  readonly folder: string
  readonly connector: Connector
  /** What was counted on the wire. */
  readonly calls: readonly string[]
  /** Whether it was killed. */
  hasCrashed(): boolean
  /** From now on a call may be the one to be killed at. */
  count(): void
  start(): Promise<void>
  call(who: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** A click in Teams; answers with the card that it shows. */
  click(who: string, verb: string, data: object, card?: PostedCard): Promise<JsonObject>
  /** As the file, of a download. */
  download(who: string, path: string): Promise<Buffer>
  /** Says that somebody knows of this event now: it must never be gone. */
  acknowledge(request: string, event: string): void
  /** Waits until all cards are delivered; after a crash or a trouble, with the time and the timers that it takes. */
  settle(): Promise<void>
  /** Lets time pass, and then the timers run. */
  pass(seconds: number): Promise<void>
  seal(): Promise<SealReport>
  truth(): Promise<Truth>
  /** How often the storage took too long: each time may leave what a crash leaves. */
  troubles(): number
  /** What the app that runs would have logged as errors. */
  errors(): readonly string[]
  /** @param hasHeld whether its process may serve another site */
  close(hasHeld: boolean): Promise<void>
}

/** Seconds after which a claim on a delivery has lapsed whose holder died. */
const claimLapses = 31

/** Rounds of the timers until all cards are delivered: each may find a claim that rests longer. */
const mostRounds = 12

export async function openSite(grounds: Grounds, kill: Kill | null): Promise<Site> {
  const account = grounds.account()
  const folder = join(grounds.folder, account.account)
  await mkdir(folder)
  const connector = await startConnector()
  const acknowledged: Acknowledged[] = []
  let ahead = 0
  let app: AppProcess | null = null
  let origin = ''
  let crash: Promise<void> | null = null
  let isBack = false
  let troubles = 0
  const patiently = patience(() => {
    troubles += 1
  })
  const die = () => (crash ??= app?.kill() ?? Promise.resolve())
  const wire = await startWire(account, connector, { kill, die })
  const { graphUrl, issuer, jwksUri } = grounds.identity

  async function launch(process: AppProcess): Promise<void> {
    troubles += app?.troubles() ?? 0
    app = process
    const given = {
      ...{ data: folder, azurite: wire.account, connector: connector.url, botKeys: grounds.teams.keysUrl, ahead },
      identity: { graphUrl, issuer, jwksUri },
    }
    origin = await patiently(() => process.open(given))
  }

  /** Starts it again where it was killed; first, what it left behind must hold. */
  async function isRestarted(): Promise<boolean> {
    if (crash === null || isBack) return false
    await crash
    await wire.idle()
    isBack = true
    await truthOf(account, acknowledged)
    await launch(grounds.process())
    return true
  }

  /** Repeats what a crash left unanswered; once more, it gives the same again. */
  async function surely<T>(act: (app: AppProcess) => Promise<T>, isSame?: (one: T, other: T) => boolean): Promise<T> {
    try {
      return await act(running())
    } catch (cause) {
      if (!(await isRestarted())) throw cause
      const first = await act(running())
      if (isSame) {
        const second = await act(running())
        demand(isSame(first, second), `repeated, it is answered ${text(first)}, then ${text(second)}`)
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
  async function answered(who: string | null, path: string, init: RequestInit): Promise<Answer> {
    const once = async (): Promise<Answer> => {
      const answer = await sent(who, path, init)
      const body: unknown = await answer.json()
      return { status: answer.status, headers: answer.headers, body }
    }
    return patiently(once, ({ status, body }) => status === 503 || body?.statusCode === 503)
  }
  const post = (body: unknown, headers: Record<string, string> = {}): RequestInit =>
    body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers }

  /** Delivers what waits, as the timers do; whoever had a claim may be dead. */
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
    ...{ account, folder, connector, calls: wire.calls },
    hasCrashed: () => crash !== null,
    count: () => wire.count(),
    async start() {
      await launch(grounds.process()).catch(async (cause: unknown) => {
        if (!(await isRestarted())) throw cause
      })
    },
    call: (who, path, body, headers) => surely(() => answered(who, path, post(body, headers)), isSameAnswer),
    async click(who, verb, data, card) {
      const given = click(who, verb, data, card)
      const { status, body } = await surely(() => answered(null, '/api/messages', post(given)), isSameAnswer)
      demand(status === 200 && isCard(body), `${verb} is answered ${status} ${JSON.stringify(body)}`)
      return body.value as JsonObject
    },
    async download(who, path) {
      const answer = await sent(who, path, {})
      demand(answer.status === 200, `${path} is answered ${answer.status}`)
      return Buffer.from(await answer.arrayBuffer())
    },
    acknowledge: (request, event) => void acknowledged.push({ request, event }),
    async settle() {
      await order(() => ({ kind: 'settle' }))
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
      await Promise.all([wire.close(), connector.close()])
    },
  }
}

/** The first of two asks may create what the second only finds. */
const isSameAnswer = (one: Answer, other: Answer): boolean =>
  text(one.body) === text(other.body) && [one.status, 200].includes(other.status)

const isCard = (body: Answer['body']): boolean => body.type === 'application/vnd.microsoft.card.adaptive'

const text = (value: unknown): string => JSON.stringify(value)
