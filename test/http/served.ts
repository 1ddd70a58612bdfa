import { randomBytes } from 'node:crypto'
import { HttpRequest, HttpResponse, InvocationContext } from '@azure/functions'
import { drawing } from '../../src/cards/lazyCards.ts'
import { Bundles } from '../../src/evidence/read/bundles.ts'
import { cosignedNotes } from '../../src/evidence/read/cosignatures.ts'
import type { Cosigner } from '../../src/ports/cosigner.ts'
import { eraseAll } from '../../src/evidence/erasures.ts'
import { Holds } from '../../src/evidence/holds.ts'
import { Exports } from '../../src/evidence/exports.ts'
import { Repairing } from '../../src/evidence/repair/repair.ts'
import { proofs } from '../../src/evidence/read/proofs.ts'
import { tables } from '../../src/evidence/read/tables.ts'
import { Templates } from '../../src/evidence/read/templates.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { Problem, type StepUpNeeded } from '../../src/core/data/problem.ts'
import { api } from '../../src/http/api.ts'
import { boundary } from '../../src/http/boundary.ts'
import type { Caller } from '../../src/http/caller.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { spoken } from '../../src/words/spoken.ts'
import { type OperationName, operationOf } from '../../src/contract/operations.ts'
import type { HealthReport } from '../../src/contract/serviceAnswers.ts'
import { bot, dba, dba2, oid, owner, security, tool, tools } from '../support/build.ts'
import { fakePolicy, type Roster } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { MemoryHolds } from '../support/fakes/holds.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { MemoryRepairs } from '../support/fakes/repairs.ts'
import { checkDocumented } from '../support/documented.ts'
import { newSigner, roster, stranger, type World, world } from '../support/world.ts'
import type { Day } from '../../src/core/data/day.ts'

export const first = '2026-03-04' as Day

/** Erasing takes two people. */
export const secondEraser = 'another with Evidence.Erase'

/** What people prove before they decide on a request of tier high, if a test asks for that. */
export const stepUp: StepUpNeeded = { context: 'c1', authorizationUri: 'https://login.example/authorize' }

/** Who may call, by name: people by their one role. */
const people: Readonly<Record<string, ObjectId>> = {
  'Evidence.Read': oid(61),
  'Evidence.Export': oid(62),
  'Evidence.Erase': oid(63),
  [secondEraser]: oid(65),
  'Evidence.Hold': oid(66),
  'no role': oid(64),
  stranger,
  approver: dba,
  'other approver': dba2,
  'approver, stepped up': dba,
  'approver, stepped up otherwise': dba,
  owner,
  security,
}

/** The authentication contexts that tokens bear. */
const contexts: Readonly<Record<string, readonly string[]>> = {
  'approver, stepped up': ['c2', stepUp.context],
  'approver, stepped up otherwise': ['c2'],
}

const callerOf = (name: string | null): Caller => {
  if (name === 'agent') return { kind: 'agent', id: bot, appId: bot, roles: ['Actions.Request', 'Evidence.Read'] }
  const id = name === null ? undefined : people[name]
  if (name === null || id === undefined) throw new Problem('unauthenticated', 'Sign in first.')
  const roles = [name === secondEraser ? 'Evidence.Erase' : name]
  return { kind: 'person', id, name, roles, client: tool, agentic: false, contexts: contexts[name] ?? [] }
}

interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
  readonly json: any
}

export interface Served extends World {
  readonly seals: MemorySeals
  readonly archive: MemoryArchive
  /** Calls a route, by its name. */
  call(name: OperationName, who: string | null, wanted?: Wanted): Promise<Answered>
}

export interface Wanted {
  readonly params?: Record<string, string>
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly body?: unknown
}

/** The API over fakes at the ports. */
export async function served(
  health: () => Promise<HealthReport> = () => Promise.reject(new Error()),
  other: Partial<Roster> = {},
  {
    cosigners = [],
    ...more
  }: { readonly stepUp?: StepUpNeeded; readonly cosigners?: readonly Pick<Cosigner, 'keys'>[] } = {},
): Promise<Served> {
  const here = await world(undefined, other, more)
  const { ledger, clock } = here
  const [seals, archive] = [new MemorySeals(first), new MemoryArchive()]
  const policy = fakePolicy(roster(other))
  const changes = { ledger, clock, policy, random: randomBytes, committed: () => undefined }
  const repairing = new Repairing({
    ...{ ...changes, seals, archive, macs: macsFor(testOrigin), repairs: new MemoryRepairs(ledger) },
    ...{ ends: { leaveSoon: async () => undefined }, broken: () => [] },
  })
  const exports = new Exports(changes)
  const rows = new MemoryHolds()
  const holds = new Holds({ ...changes, holds: rows, archive, macs: macsFor(testOrigin), failed: () => undefined })
  const handlers = api({
    approvals: here.approvals,
    evidence: {
      bundles: new Bundles({ seals, archive, clock }),
      cosignatures: cosignedNotes({ seals, archive, clock, cosigners }),
      said: (...args) => saidOf({ ledger, seals, clock }, ...args),
      proofs: proofs({ ledger, seals, archive }),
      tables: tables({ seals, archive, macs: macsFor(testOrigin) }),
      templates: new Templates(archive),
      erase: (id, erasure) => eraseAll({ ...changes, holds }, id, erasure),
      repair: (order) => repairing.repair(order),
      exporting: (download) => exports.record(download),
      hold: (order) => holds.hold(order),
      release: (order) => holds.release(order),
      holds: (released) => holds.list(released),
    },
    health,
    deliveryOf: async () => 'ok',
    callers: async (authorization) => callerOf(authorization),
    cards: drawing(readCards('cards'), spoken),
    clients: tools,
    policy,
    signer: await newSigner(),
    baseUrl: 'https://countersign.example',
  })

  async function call(name: OperationName, who: string | null, wanted: Wanted = {}): Promise<Answered> {
    const { method, path } = operationOf(name)
    const { params = {}, query = '', body } = wanted
    const headers = { ...wanted.headers, ...(who !== null && { authorization: who }) }
    const url = `https://countersign.example/${path}${query}`
    const isRaw = typeof body === 'string' || body instanceof Uint8Array
    const sent = body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }
    const nativeRequest = new Request(url, { method, headers, ...sent })
    const init = { url, method, params, nativeRequest }
    const context = new InvocationContext({ functionName: name, logHandler: () => undefined })
    const answer = new HttpResponse(await boundary(name, handlers[name])(new HttpRequest(init), context))
    const text = Buffer.from(await answer.arrayBuffer()).toString('utf8')
    const { status, headers: answered } = answer
    const type = answered.get('content-type')
    const json = type?.endsWith('json') ? JSON.parse(text) : null
    checkDocumented({ method, path, status, type, body: json ?? text })
    return { status, headers: answered, text, json }
  }

  return { ...here, seals, archive, call }
}
