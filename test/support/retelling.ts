import { encode64 } from '../../src/core/data/base64.ts'
import { Broken } from '../../src/core/data/broken.ts'
import type { Day } from '../../src/core/data/day.ts'
import { type Digest, type Hex, sha256, shards } from '../../src/core/data/id.ts'
import { bundleFileKind, bundleFiles, inBundleOrder } from '../../src/core/log/bundleFiles.ts'
import { formatAdd, formatCheckpoint } from '../../src/core/log/checkpoint.ts'
import type { Manifest, ShardCut } from '../../src/core/log/manifest.ts'
import { consistencyRanges, hashLeaf, hashNode, inclusionRanges, leafHash, perfect } from '../../src/core/log/merkle.ts'
import { formatNote } from '../../src/core/log/note.ts'
import { type ControlsByRule, controlsByRule, controlsOf } from '../../src/core/policy/controls.ts'
import { beginOf, metricLine, Metrics, metricsHeader } from '../../src/core/record/metrics.ts'
import { lateSeal } from '../../src/core/record/lateSeal.ts'
import { editionOf } from '../../src/core/record/policyVersion.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { replay } from '../../src/core/record/replay.ts'
import {
  exceptionLine,
  exceptionsHeader,
  furtherHeader,
  furtherLine,
  requestLine,
  requestsHeader,
} from '../../src/core/record/tables.ts'
import { viewDigest } from '../../src/core/request/view.ts'
import { type Key, manifestIn, type Members, resign, textIn } from '../evidence/bundle.ts'

/** An event as a liar writes it. Its number and the hash of the event before are set anew; one that is new has number 0. */
export interface Told {
  at: string
  shard: string
  type: string
  request?: string
  actor: { kind: string; id?: string }
  data?: Record<string, unknown>
  said?: Record<string, string>
  v: number
  seq: number
  prev: string
  /** So many numbers before it are left out. */
  skips?: number
  readonly [more: string]: unknown
}

/** The files of a policy version by name, with its card templates as `cards/NAME`. */
export type PolicyTexts = ReadonlyMap<string, string>

/** The files of a bundle that are not signed yet, by name. */
export type Unsigned = Map<string, string | Buffer>

/** A day as a liar tells it. */
export interface ToldDay {
  readonly date: Day
  readonly events: readonly Told[]
  /** Changes the files before they are signed, and says what the manifest shall say beside their digests. */
  readonly edit?: (manifest: Manifest, files: Unsigned) => Manifest
}

/** What a liar says: by day the events, in their order, and policy versions beside those that the days had. */
export interface Telling {
  readonly days: readonly ToldDay[]
  readonly policies?: readonly PolicyTexts[]
}

/** The events of days as they were sealed, to be changed. */
export const tellingOf = (days: readonly Members[]): Telling & { readonly days: { date: Day; events: Told[] }[] } => ({
  days: days.map((members) => ({
    date: manifestIn(members).date,
    events: textIn(members, 'records.jsonl')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Told),
  })),
})

/**
 * Makes bundles of a telling, as the holder of the log's key could: numbers and chains the events anew, lets votes, views
 * and erasures name the changed events, computes log, proofs, tables and manifests, and signs them. The first day is that
 * of the log's beginning.
 *
 * Where the rules refuse an event, the tables end before it.
 *
 * @param before the days as they were sealed, from the log's first
 */
export const retold = (before: readonly Members[], key: Key, telling: Telling): readonly Members[] => [
  ...retoldByDay(before, key, telling),
]

/** Does what {@link retold} does, and makes each bundle only when it is asked for. */
export function* retoldByDay(
  before: readonly Members[],
  key: Key,
  { days, policies = [] }: Telling,
): Generator<Members, void, undefined> {
  const log: Uint8Array[] = []
  const heads = new Map<string, ShardCut>()
  const lives = new Map<string, { readonly index: number; readonly leaf: string }[]>()
  /** The standing approvals of uses. */
  const under = new Map<string, string>()
  const names = new Names(before)
  const versions = versionsOf(before, policies)
  let previous: { readonly manifest: Buffer; readonly note: string } | null = null
  for (const [place, { date, events, edit = unedited }] of days.entries()) {
    const old = before.find((members) => manifestIn(members).date === date) ?? before[0] ?? new Map<string, Buffer>()
    const { log: oldLog, tool } = manifestIn(old)
    const { origin } = oldLog
    const size = log.length
    const earlier = new Map([...lives].map(([request, events]) => [request, [...events]]))
    const from = new Map(heads)
    const touched = new Set<string>()
    const leaves = events
      .toSorted((a, b) => (a.shard < b.shard ? -1 : a.shard > b.shard ? 1 : 0))
      .map(({ skips = 0, ...told }, i) => {
        const head = heads.get(told.shard) ?? { from: 0, to: 0, head: '0'.repeat(64) as Hex }
        const seq = head.to + skips + 1
        const event = names.renamed({ ...told, seq, prev: head.head })
        const leaf = sorted(event)
        const policyTo = policyAfter(event, head.policyTo)
        heads.set(told.shard, { ...head, to: seq, head: leafHash(leaf), ...(policyTo && { policyTo }) })
        names.take(told, leaf)
        if (event.request !== undefined) {
          touched.add(event.request)
          lives.set(event.request, [...(lives.get(event.request) ?? []), { index: size + i, leaf }])
        }
        if (event.type === 'requested' && event.request) under.set(event.request, event.data?.['under'] as string)
        const standing = ['requested', 'redeemed'].includes(event.type) ? under.get(event.request ?? '') : undefined
        if (typeof standing === 'string') touched.add(standing)
        return leaf
      })
    log.push(...leaves.map((leaf) => hashLeaf(leaf)))
    const begun = new Set(events.flatMap(({ type, request }) => (type === 'requested' ? [request] : [])))
    const carried = [...touched].flatMap((request) => (begun.has(request) ? [] : (earlier.get(request) ?? [])))
    const root = (to: number) => encode64(rootOf(log, 0, to))
    const text = formatCheckpoint({ origin, size: log.length, root: rootOf(log, 0, log.length) })
    const note = formatNote(text, [key.noteSignature(origin, text)])
    const empty = formatCheckpoint({ origin, size: 0, root: rootOf([], 0, 0) })
    const noteBefore = previous?.note ?? formatNote(empty, [key.noteSignature(origin, empty)])
    const growth = consistencyRanges(size, log.length).map((range) => rootOf(log, range.from, range.to))
    const cuts = shards.map((shard): readonly [string, ShardCut] => {
      const head: ShardCut = heads.get(shard) ?? { from: 0, to: 0, head: '0'.repeat(64) as Hex }
      const { to = 0, policyTo: policyFrom } = from.get(shard) ?? {}
      return [shard, { ...head, from: to, ...(policyFrom && { policyFrom }) }]
    })
    const named = versionsIn([...leaves, ...carried.map(({ leaf }) => leaf)], cuts)
    const controls = (version: Digest) => {
      const list = versions.get(version)?.find(([name]) => name.endsWith('/rules.json'))
      return controlsByRule(list?.[1] ?? null)
    }
    const sealed = { number: place + 1, date, sealedAt: manifestIn(old).sealedAt }
    const earlierLeaves = carried.map(({ leaf }) => leaf)
    const tables = tablesOf({ leaves, carried: earlierLeaves, size, cuts, sealed, controls })
    const lines = carried.map(({ index, leaf }) => {
      const proof = inclusionRanges(index, size).map((range) => encode64(rootOf(log, range.from, range.to)))
      return `${JSON.stringify({ index, leaf, proof })}\n`
    })
    const content: Unsigned = new Map<string, string | Buffer>([
      ...[...old].filter(([name]) => !/^(?:policy|cards)\//.test(name)),
      ...named.flatMap((version) => versions.get(version) ?? []),
      [bundleFiles.checkpointBefore.name, noteBefore],
      [bundleFiles.checkpoint.name, note],
      [
        bundleFiles.growth.name,
        formatAdd(
          size,
          growth.map((hash) => hash),
          note,
        ),
      ],
      [bundleFiles.records.name, leaves.map((leaf) => `${leaf}\n`).join('')],
      [bundleFiles.carried.name, lines.join('')],
      [bundleFiles.requests.name, tables.requests],
      [bundleFiles.exceptions.name, tables.exceptions],
      [bundleFiles.metrics.name, tables.metrics],
    ])
    content.delete(bundleFiles.further.name)
    if (tables.further !== '') content.set(bundleFiles.further.name, tables.further)
    const types: Record<string, number> = {}
    for (const { type } of events) types[type] = (types[type] ?? 0) + 1
    const rows = (table: string) => table.split('\n').length - 2
    const { previousManifest: _previous, ...rest } = manifestIn(old)
    const manifest: Manifest = {
      ...rest,
      ...{ number: place + 1, date, tool, shards: Object.fromEntries(cuts) },
      log: {
        origin,
        from: {
          size,
          root: root(size),
          frontier: perfect({ from: 0, to: size }).map((node) => frontierHash(log, node)),
        },
        to: { size: log.length, root: root(log.length) },
      },
      counts: {
        ...{ records: leaves.length, carried: carried.length, types },
        ...{ requests: rows(tables.requests), exceptions: rows(tables.exceptions) },
      },
      ...(previous && { previousManifest: sha256(previous.manifest) }),
    }
    const edited = edit(manifest, content)
    const made = resign(ordered(content), key, () => edited)
    previous = { manifest: made.get(bundleFiles.manifest.name) ?? Buffer.of(), note }
    yield made
  }
}

const unedited: NonNullable<ToldDay['edit']> = (manifest) => manifest

/** Lets events go on naming others that got another hash, by being changed or chained anew. */
class Names {
  readonly #hashes = new Map<unknown, string>()
  readonly #views = new Map<unknown, string>()
  readonly #warnings = new Map<unknown, readonly string[]>()
  readonly #old = new Map<string, string>()
  /** The views that were shown. */
  readonly #shown = new Set<unknown>()

  constructor(before: readonly Members[]) {
    for (const members of before)
      for (const line of textIn(members, 'records.jsonl').split('\n').slice(0, -1)) {
        const { shard, seq, type, data } = JSON.parse(line) as Told
        this.#old.set(`${shard} ${seq}`, leafHash(line))
        if (type === 'shown') this.#shown.add(data?.['view'])
      }
  }

  renamed(event: Told): Told {
    const { data } = event
    if (data === undefined) return event
    const changed: Record<string, unknown> = { ...data }
    for (const name of ['content', 'vote', 'event', 'question']) {
      const hash = this.#hashes.get(data[name] ?? null)
      if (hash !== undefined) changed[name] = hash
    }
    if (event.type === 'requested') this.#warnings.set(event.request, data['warnings'] as readonly string[])
    if (event.type === 'answered') {
      const before = this.#warnings.get(event.request) ?? []
      this.#warnings.set(event.request, [...new Set([...before, ...(data['warnings'] as readonly string[])])])
    }
    if (event.type === 'shown') {
      const viewOf = (seen: Record<string, unknown>) => {
        const [content, template] = [seen['content'] as Hex, seen['template'] as Hex]
        return viewDigest({ content, template, warnings: this.#warnings.get(event.request) ?? [] })
      }
      // A view that is none is a lie of its own.
      if (this.#shown.has(data['view']) || data['view'] === viewOf(data)) {
        changed['view'] = viewOf(changed)
        this.#views.set(data['view'], viewOf(changed))
      }
    }
    const isSighted = ['decided', 'asked', 'glass-broken'].includes(event.type)
    const view = isSighted ? this.#views.get(data['view']) : undefined
    return { ...event, data: view === undefined ? changed : { ...changed, view } }
  }

  take({ shard, seq }: Told, leaf: string): void {
    const old = this.#old.get(`${shard} ${seq}`)
    if (old !== undefined) this.#hashes.set(old, leafHash(leaf))
  }
}

function policyAfter({ type, data }: Told, before: Digest | undefined): Digest | undefined {
  if (type === 'policy-changed') return data?.['to'] as Digest
  if (before !== undefined || type !== 'requested') return before
  return versionNamedIn(data)
}

const versionNamedIn = (data: Told['data']): Digest | undefined =>
  (data?.['policy'] as { readonly version: Digest } | undefined)?.version

/** The members of each policy version: those that the days had, and others. */
function versionsOf(before: readonly Members[], more: readonly PolicyTexts[]) {
  const versions = new Map<string, (readonly [string, Buffer])[]>()
  for (const members of before)
    for (const [name, bytes] of members) {
      const hex = /^policy\/([0-9a-f]{64})\/version\.json$/.exec(name)?.[1]
      if (hex === undefined) continue
      const { files } = JSON.parse(bytes.toString()) as { readonly files: Readonly<Record<string, string>> }
      const own = [...members].filter(([one]) => one.startsWith(`policy/${hex}/`))
      const cards = Object.entries(files).flatMap(([file, hash]) =>
        file.startsWith('cards/')
          ? [[`cards/${hash}.json`, members.get(`cards/${hash}.json`) ?? Buffer.of()] as const]
          : [],
      )
      versions.set(`sha256:${hex}`, [...own, ...cards])
    }
  for (const texts of more) {
    const edition = editionOf([...texts].map(([name, text]) => [name, sha256(text)] as const))
    const hex = sha256(edition)
    const members = [...texts].map(([name, text]) => {
      const bytes = Buffer.from(text)
      return [name.startsWith('cards/') ? `cards/${sha256(bytes)}.json` : `policy/${hex}/${name}`, bytes] as const
    })
    versions.set(`sha256:${hex}`, [...members, [`policy/${hex}/version.json`, Buffer.from(edition)]])
  }
  return versions
}

function versionsIn(leaves: readonly string[], cuts: readonly (readonly [string, ShardCut])[]): readonly string[] {
  const named = leaves.flatMap((leaf) => {
    const { type, data } = JSON.parse(leaf) as Told
    if (type === 'requested') return [versionNamedIn(data) ?? []].flat()
    return type === 'policy-changed' ? [data?.['to'] as string] : []
  })
  return [
    ...new Set([
      ...named,
      ...cuts.flatMap(([, { policyFrom, policyTo }]) => [policyFrom ?? [], policyTo ?? []].flat()),
    ]),
  ]
}

interface TablesOf {
  readonly leaves: readonly string[]
  readonly carried: readonly string[]
  readonly size: number
  readonly cuts: readonly (readonly [string, ShardCut])[]
  readonly sealed: Pick<Manifest, 'number' | 'date' | 'sealedAt'>
  /** The controls of a policy version’s rules. */
  readonly controls: (version: Digest) => ControlsByRule
}

type Tables = Readonly<Record<'requests' | 'exceptions' | 'further' | 'metrics', string>>

/** The tables that follow from events, up to the first that the rules refuse. */
function tablesOf({ leaves, carried, size, cuts, sealed, controls }: TablesOf): Tables {
  let [requests, exceptions, further] = [requestsHeader, exceptionsHeader, '']
  const metrics = new Metrics()
  const changes = new Set<string>()
  try {
    const earlier = carried.map(readRecord)
    const events = leaves.map(readRecord)
    for (const [shard, { policyFrom }] of cuts) {
      const rules = replay({ policy: policyFrom, changes })
      for (const [i, event] of events.entries()) {
        if (event.shard !== shard) continue
        const tried = new Set<string>()
        for (let id = rules.missing(event); id !== null && !tried.has(id); id = rules.missing(event)) {
          tried.add(id)
          for (const one of earlier) if (one.request === id) rules.carry(one)
        }
        exceptions += rules
          .take(event, size + i)
          .map(exceptionLine)
          .join('')
      }
      for (const row of rules.rows()) {
        const { version, rules: named } = row.request.policy
        requests += requestLine(row, controlsOf(controls(version), named))
        const more = furtherLine(row)
        if (more !== null) further += further === '' ? furtherHeader + more : more
        metrics.take(row, beginOf(sealed))
      }
    }
    const late = lateSeal(sealed)
    return {
      requests,
      further,
      exceptions: exceptions + (late ? exceptionLine(late) : ''),
      metrics: metricsHeader + metrics.rows().map(metricLine).join(''),
    }
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    return { requests, exceptions, further, metrics: metricsHeader + metrics.rows().map(metricLine).join('') }
  }
}

/** RFC 6962 section 2.1, over the leaves of a range. */
function rootOf(hashes: readonly Uint8Array[], from: number, to: number): Uint8Array {
  if (to === from) return Buffer.from(sha256(''), 'hex')
  const [only] = hashes.slice(from, from + 1)
  if (to === from + 1 && only) return only
  const half = from + 2 ** (Math.ceil(Math.log2(to - from)) - 1)
  return hashNode(rootOf(hashes, from, half), rootOf(hashes, half, to))
}

const frontierHash = (
  log: readonly Uint8Array[],
  { level, index }: { readonly level: number; readonly index: number },
) => encode64(rootOf(log, index * 2 ** level, (index + 1) * 2 ** level))

function ordered(content: ReadonlyMap<string, string | Buffer>): Members {
  const all = [...content].map(([name, bytes]) => ({ name, bytes: Buffer.from(bytes) }))
  const kinds = Object.fromEntries(
    Object.keys(bundleFiles).map((kind) => [
      kind,
      all.filter(({ name }) => bundleFileKind(name) === kind).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ]),
  ) as unknown as Parameters<typeof inBundleOrder<(typeof all)[number]>>[0]
  return new Map(inBundleOrder(kinds).map(({ name, bytes }) => [name, bytes]))
}

/** Writes an event in canonical form, as {@link JSON.parse} read its values. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${sorted(member)}`).join(',')}}`
}
