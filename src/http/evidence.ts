import type { evidenceOperations } from '../contract/evidenceOperations.ts'
import { jsonLines } from '../contract/operation.ts'
import { parseDay } from '../core/data/day.ts'
import { isObjectId, parseObjectId, parseRequestId, sha256 } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import { cosignaturesName } from '../core/log/cosignature.ts'
import { endOf } from '../core/request/erasure.ts'
import type { HoldScope } from '../core/request/hold.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { Bundles } from '../evidence/read/bundles.ts'
import type { CosignedNotes } from '../evidence/read/cosignatures.ts'
import type { Erasures } from '../evidence/erasures.ts'
import type { ExportedDownload } from '../evidence/exports.ts'
import type { Holds } from '../evidence/holds.ts'
import type { Proofs } from '../evidence/read/proofs.ts'
import type { Repairing } from '../evidence/repair/repair.ts'
import type { DayRange, TableRow, SealedTables } from '../evidence/read/tables.ts'
import type { Templates } from '../evidence/read/templates.ts'
import type { Policy } from '../ports/policy.ts'
import type { SaidOf } from '../evidence/read/saidExport.ts'
import { attachment, begun, download, type Download } from './download.ts'
import type { OperationInput, Handlers, OperationReply } from './handler.ts'

/** The use cases of evidence. */
export interface Evidence {
  readonly bundles: Bundles
  readonly cosignatures: CosignedNotes
  readonly tables: SealedTables
  readonly said: SaidOf
  readonly proofs: Proofs
  readonly templates: Pick<Templates, 'find'>
  readonly erase: Erasures
  readonly repair: Repairing['repair']
  readonly hold: Holds['hold']
  readonly release: Holds['release']
  readonly holds: Holds['list']
  /** Records a download. A file is sent only after that. */
  readonly exporting: (download: ExportedDownload) => Promise<void>
}

export interface EvidenceParts extends Evidence {
  readonly approvals: Pick<Approvals, 'read' | 'namesOf'>
  readonly policy: Pick<Policy, 'agent'>
}

type Operations = typeof evidenceOperations
type Asked<Name extends keyof Operations> = OperationInput<Operations[Name]>

/** Handles what the evidence is read, erased, held and repaired by. */
export const evidenceHandlers = (parts: EvidenceParts): Handlers<keyof Operations> => ({
  proof: async ({ id, caller }) => ({
    answer: await parts.proofs.of(await parts.approvals.read(id, { kind: 'person', id: caller.id, evidence: true })),
  }),
  bundles: async () => ({ answer: await parts.bundles.list() }),
  bundle: (given) => bundle(parts, given),
  cosignatures: (given) => cosignatures(parts, given),
  metrics: async ({ query }) => ({ answer: await metrics(parts, query) }),
  exceptions: async ({ query }) => ({ answer: await exceptions(parts, query) }),
  said: (given) => said(parts, given),
  erasures: (given) => erasures(parts, given),
  repairs: (given) => repairs(parts, given),
  hold: async ({ caller, body: { scope, why } }) => ({
    status: 201,
    answer: await parts.hold({ scope: scopeOf(scope), why, by: caller.id, client: caller.client }),
  }),
  holds: async ({ query }) => ({ answer: await holdsWithNames(parts, query.released) }),
  release: async ({ hold, caller, body: { why } }) => ({
    answer: await parts.release({ hold, why, by: caller.id, client: caller.client }),
  }),
  checkpoint: () => checkpoint(parts),
})

async function bundle(
  { bundles, exporting }: EvidenceParts,
  { date, headers, caller }: Asked<'bundle'>,
): Promise<OperationReply<Operations['bundle']>> {
  const found = await bundles.find(date)
  const open: typeof found.open = async (range) => {
    await exporting({ file: 'bundle', date, by: caller.id, client: caller.client })
    return found.open(range)
  }
  const file = { ...found, open }
  const filename = `countersign-evidence-${date}.zip`
  return { response: await download(headers, { ...file, filename, contentType: 'application/zip' }) }
}

/** Nothing of a person or an agent is in a checkpoint, so that its download is no export. */
async function cosignatures(
  { cosignatures }: EvidenceParts,
  { date, headers }: Asked<'cosignatures'>,
): Promise<OperationReply<Operations['cosignatures']>> {
  const note = Buffer.from(await cosignatures.of(date))
  const file = { filename: cosignaturesName(date), contentType: 'text/plain; charset=utf-8', size: note.length }
  const open: Download['open'] = async ({ from, size } = { from: 0, size: note.length }) =>
    only(note.subarray(from, from + size))
  return { response: await download(headers, { ...file, sha256: sha256(note), open }) }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** @throws {Problem} `invalid-input` for a day that the calendar does not have */
const rangeIn = ({ from, to }: Asked<'metrics'>['query']): DayRange => ({
  from: parseDay(from, '/from'),
  to: parseDay(to, '/to'),
})

/** Names people and agents for readers, by object id, as the directory and the policy have them now. Other texts name nobody. */
async function namesOf({ approvals, policy }: EvidenceParts, texts: readonly (string | undefined)[]) {
  const ids = [...new Set(texts)].flatMap((text = '') => (isObjectId(text) ? [parseObjectId(text)] : []))
  const agents = ids.flatMap((id) => policy.agent(id) ?? []).map(({ id, name }) => [id, name] as const)
  const people = await approvals.namesOf(ids.filter((id) => !agents.some(([agent]) => agent === id)))
  return Object.fromEntries([...agents, ...people])
}

async function metrics(parts: EvidenceParts, query: Asked<'metrics'>['query']) {
  const days = await parts.tables.rows('metrics', rangeIn(query))
  const rowOf = ({ by = '', of, metric = '', value }: TableRow) => ({
    ...{ by, ...(of !== undefined && { of }), metric },
    value: Number(value),
  })
  return {
    days: days.map((day) => ('rows' in day ? { date: day.date, rows: day.rows.map(rowOf) } : day)),
    names: await namesOf(parts, valuesIn(days, 'of')),
  }
}

async function exceptions(parts: EvidenceParts, query: Asked<'exceptions'>['query']) {
  const days = await parts.tables.rows('exceptions', rangeIn(query))
  const rowOf = ({ index, at = '', request, kind = '', actor = '', action, detail }: TableRow) => ({
    ...(index !== undefined && { index: Number(index) }),
    ...{ at, ...(request !== undefined && { request }), kind, actor },
    ...(action !== undefined && { action }),
    ...(detail !== undefined && { detail }),
  })
  return {
    days: days.map((day) => ('rows' in day ? { date: day.date, rows: day.rows.map(rowOf) } : day)),
    names: await namesOf(parts, valuesIn(days, 'actor')),
  }
}

const valuesIn = (days: Awaited<ReturnType<SealedTables['rows']>>, column: string) =>
  days.flatMap((day) => ('rows' in day ? day.rows.map((row) => row[column]) : []))

async function holdsWithNames(parts: EvidenceParts, released: boolean) {
  const holds = await parts.holds(released)
  const who = holds.flatMap(({ scope, held, released: done }) => [
    'agent' in scope ? scope.agent : '',
    held.by,
    done?.by,
  ])
  return { holds, names: await namesOf(parts, who) }
}

async function said(
  { said, exporting }: EvidenceParts,
  { date, caller, query }: Asked<'said'>,
): Promise<OperationReply<Operations['said']>> {
  const headers = attachment({ filename: `said-${date}.jsonl`, contentType: jsonLines })
  const lines = await said(date, query.from)
  await exporting({ file: 'said', date, by: caller.id, client: caller.client })
  return { response: { body: await begun(lines), headers: { ...headers, 'cache-control': 'no-store' } } }
}

async function erasures(
  { erase }: EvidenceParts,
  given: Asked<'erasures'>,
): Promise<OperationReply<Operations['erasures']>> {
  const { caller, body } = given
  const { request, names, why } = body
  const { erased, waits } = await erase(parseRequestId(request), { names, why, by: caller.id, client: caller.client })
  const until = waits && { waits: { askedBy: waits.by, names, until: endOf(waits) } }
  const answer = { request, erased: erased.map(({ event, names }) => ({ event, names })), ...until }
  return { status: waits ? 202 : 200, answer }
}

async function repairs(
  { repair }: EvidenceParts,
  { caller, body }: Asked<'repairs'>,
): Promise<OperationReply<Operations['repairs']>> {
  const { shard, why, requests } = body
  const order = { shard, why, requests: requests.map(parseRequestId), by: caller.id, client: caller.client }
  const { chain, requests: done } = await repair(order)
  return { answer: { shard, ...(chain && { chain }), requests: done } }
}

/** @throws {Problem} `not-found` for an id that no request has; `invalid-input` for a date that is none */
function scopeOf({ request, agent, from = '', to = '' }: Asked<'hold'>['body']['scope']): HoldScope {
  if (request !== undefined) return { request: parseRequestId(request) }
  if (agent !== undefined) return { agent }
  return { from: parseDay(from, '/scope/from'), to: parseDay(to, '/scope/to') }
}

async function checkpoint({ bundles }: EvidenceParts): Promise<OperationReply<Operations['checkpoint']>> {
  const checkpoint = await bundles.checkpoint()
  if (checkpoint === null) throw new Problem('not-found', 'No day is sealed yet: there is no checkpoint.')
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=60' }
  return { response: { body: checkpoint, headers } }
}
