/**
 * The deployed functions in the local host, on ports in memory that fail on demand. faults.test.ts bundles this file and
 * runs it in a process of its own. The trace of a call says which port fails, and how.
 */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type Adapters, compose } from '../../src/app.ts'
import { useApp } from '../../src/deployed.ts'
import { Witness } from '../../src/evidence/witness.ts'
import { dayOf, endOf } from '../../src/core/data/day.ts'
import { type Instant, instant, milliseconds, plusSeconds } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { readCards, readVerifiers } from '../../src/runtime/folder.ts'
import type { Caller } from '../../src/http/caller.ts'
import { type Host, startHost } from '../../src/local/host.ts'
import { listen } from '../../src/local/port.ts'
import { captureFunctions } from '../../src/local/worker.ts'
import { Alarms } from '../../src/runtime/alarms.ts'
import { backgroundLine } from '../../src/runtime/log.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { drawing } from '../../src/cards/lazyCards.ts'
import { currentTrace } from '../../src/runtime/trace.ts'
import { bot, dba, dba2, noon, oid, tool, tools } from '../support/build.ts'
import { keepPolicy } from '../evidence/days.ts'
import { FakeDirectory, fakePolicy } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { MemoryHolds } from '../support/fakes/holds.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemoryLimits } from '../support/fakes/limits.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import { MemoryRepairs } from '../support/fakes/repairs.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { MemoryTeams } from '../support/fakes/teams.ts'
import { signed, slackApp } from '../support/slackDouble.ts'
import { agent, newSigner, roster } from '../support/world.ts'
import type { SlackApi } from '../../src/slack/webApi.ts'
import { canary, type Failing, failingIn, type Order, type FaultReport, slackUser } from './faulted.ts'
import { english } from '../../src/words/english.ts'

const report = (message: FaultReport) => process.send?.(message)

/** The fault that timers meet: they run outside any call's trace. */
let everywhere: Failing | null = null
/** How often each port was called in a trace so far. */
const calls = new Map<string, number>()
/** Which ports failed, how, and in which traces. */
const met = { failures: new Set<string>(), traces: new Set<string>() }

/** Wraps a port: one of its calls in a trace fails, as the trace demands. */
function failing<P extends object>(name: string, port: P): P {
  return new Proxy(port, {
    get(target, method) {
      const value: unknown = Reflect.get(target, method, target)
      if (typeof value !== 'function') return value
      if (method === 'inTurn') return value.bind(target) as unknown
      return (...args: unknown[]): unknown => {
        const how = due(name)
        if (how === null) return value.apply(target, args)
        const isLater = value.constructor.name === 'AsyncFunction' || later.has(String(method))
        return outcome(how, isLater, method === 'stream' || method === 'survey')
      }
    },
  })
}

/** Ports whose methods answer with a promise without being written as `async`. */
const later = new Set(['post', 'update', 'say', 'reply'])

function due(port: string): Failing['how'] | null {
  const trace = currentTrace()?.id ?? ''
  const order = everywhere ?? failingIn(trace)
  if (order?.port !== port) return null
  // A clock that answers `null` would be recorded as a time.
  if (port === 'clock' && order.how === 'null') return null
  const number = (calls.get(trace) ?? 0) + 1
  calls.set(trace, number)
  if (number !== order.call) return null
  met.failures.add(`${port}: ${order.how}`)
  met.traces.add(trace)
  return order.how
}

function outcome(how: Failing['how'], isLater: boolean, isStream: boolean): unknown {
  const cause = how === 'null' ? null : causes[how]()
  if (isStream) return torn(cause)
  if (cause === null) return isLater ? Promise.resolve(null) : null
  if (isLater) return Promise.reject(cause)
  throw cause
}

/** Errors as libraries throw them, and a text, which no code should throw. */
const causes: Readonly<Record<Exclude<Failing['how'], 'null'>, () => unknown>> = {
  'an error of the SDK': () =>
    Object.assign(new Error(canary), {
      ...{ name: 'RestError', code: `of ${canary}`, statusCode: 403, details: { message: canary } },
      request: { url: `https://${canary}.example/`, headers: { authorization: canary } },
    }),
  'a bug': () => new TypeError(canary, { cause: new Error(canary) }),
  'a text': () => canary,
  'a problem with a cause': () =>
    new Problem('unavailable', 'A part cannot be reached.', { cause: new Error(canary), retryAfter: 5 }),
}

async function* torn(cause: unknown): AsyncIterable<unknown> {
  yield []
  throw cause
}

/** Takes the header at its word. */
async function callerOf(authorization: string | null): Promise<Caller> {
  const evidence = ['Evidence.Read', 'Evidence.Export', 'Evidence.Erase', 'Evidence.Hold']
  switch (authorization) {
    case 'agent':
      return { kind: 'agent', id: bot, appId: bot, roles: ['Actions.Request', 'Grants.Redeem'] }
    case 'approver':
      return { kind: 'person', id: dba, name: 'Approver', roles: [], client: tool, agentic: false, contexts: [] }
    case 'auditor':
      return {
        kind: 'person',
        id: oid(61),
        name: 'Auditor',
        roles: evidence,
        client: tool,
        agentic: false,
        contexts: [],
      }
    default:
      throw new Problem('unauthenticated', 'Sign in first.')
  }
}

async function main(): Promise<void> {
  const server = createServer()
  const baseUrl = `http://127.0.0.1:${await listen(server, 0)}`
  const clock = runningFrom(noon)
  const log = (line: string) => report({ what: 'log', line })
  const alarms = new Alarms((cause) => log(backgroundLine(cause)))
  const app = compose({ ...(await portsOn(clock)), baseUrl, alarms })
  const functions = captureFunctions()
  await import('../../functions/main.ts')
  useApp(app)
  const about = { functions, server, folder: process.cwd(), ticking: false }
  const host = await startHost({ ...about, log: (_level, _name, text) => log(text) })
  process.on('message', (order: Order) => {
    if (order.what === 'close') void host.close().then(() => process.exit())
    if (order.what === 'met') report({ what: 'met', failures: [...met.failures] })
    if (order.what === 'used') report({ what: 'used', isUsed: met.traces.has(order.trace) })
    if (order.what === 'timers') void run(host, order.failing)
    if (order.what === 'sign') {
      const { timestamp, signature } = signed(order.body, milliseconds(clock.now()))
      report({ what: 'signed', timestamp, signature })
    }
    if (order.what === 'next day') {
      clock.set(plusSeconds(endOf(dayOf(noon)), 600))
      void app.seal().then((days) => report({ what: 'sealed', days }))
    }
  })
  report({ what: 'ready', origin: host.origin })
}

/** A clock that runs fast, so that no message waits for its turn. */
function runningFrom(at: Instant): Clock & { set(at: Instant): void } {
  let [from, since] = [at, performance.now()]
  return {
    now: () => instant(milliseconds(from) + Math.round(100 * (performance.now() - since))),
    set: (at) => ([from, since] = [at, performance.now()]),
  }
}

async function portsOn(clock: Clock): Promise<Omit<Adapters, 'baseUrl' | 'alarms'>> {
  const [ledger, archive] = [new MemoryLedger(), new MemoryArchive()]
  const directory = new FakeDirectory(clock)
  for (const id of [dba, dba2, deputy]) directory.add(id)
  await keepPolicy(archive)
  const limits = { pending: 100, hourly: 100_000 }
  const macs = macsFor(testOrigin)
  const seals = new MemorySeals(dayOf(noon))
  const witness = await Witness.begin({
    ...{ seals, macs, clock, random: randomBytes, failed: () => {} },
    ledger: failing('ledger', ledger),
    archive: failing('archive', archive),
  })
  return {
    ledger: witness.ledger,
    witness,
    limits: failing('limits', new MemoryLimits()),
    policy: failing('policy', fakePolicy(roster({ agents: [agent(bot, { limits })], groups, slack: inSlack }))),
    directory: failing('directory', directory),
    clients: tools,
    signer: failing('signer', await newSigner()),
    logSigner: failing('log signer', await newSigner()),
    archive: failing('archive', archive),
    seals: failing('seals', seals),
    holds: failing('holds', new MemoryHolds()),
    clock: failing('clock', clock),
    callers: failing('callers', { callerOf }).callerOf,
    ...{ origin: testOrigin, macs, verifiers: readVerifiers('evidence') },
    outbox: failing('outbox', new MemoryOutbox(ledger)),
    repairs: failing('repairs', new MemoryRepairs(ledger)),
    messengers: new Map([['teams', failing('messenger', new MemoryTeams(clock))]]),
    cards: drawing(readCards('cards'), english),
    teams: {
      gate: failing('gate', { gate: async () => undefined }).gate,
    },
    slack: { settings: slackApp, api: failing('slack', { api }).api },
  }
}

const deputy = oid(13)
const groups = [{ name: 'dba', members: [dba, dba2], channels: ['19:dba'], deputies: [deputy] }]

/** The account of the approver in Slack. */
const inSlack = { [`${slackApp.teamId}/${slackUser}`]: dba }

/** Slack takes every call. */
const api: SlackApi = async () => ({ ok: true, body: { ts: '1772625600.000001', view: { id: 'V0000000001' } } })

/** Runs all timers, and says what those said that failed. */
async function run(host: Host, failure: Failing): Promise<void> {
  everywhere = failure
  const runs = await Promise.allSettled(host.timers.map((name) => host.runTimer(name)))
  everywhere = null
  report({ what: 'ran', said: runs.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : [])) })
}

void main()
