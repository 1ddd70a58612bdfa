import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Entry, fromBuffer } from 'yauzl'
import type { Day } from '../../src/core/data/day.ts'
import { sha256, shardOfKey } from '../../src/core/data/id.ts'
import { type Instant, parseInstant } from '../../src/core/data/instant.ts'
import { parseBundle, parseStatement } from '../../src/core/log/statement.ts'
import { Sealing, type SealingParts } from '../../src/evidence/seal/seal.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Signer } from '../../src/ports/signer.ts'
import type { Archive } from '../../src/ports/archive.ts'
import type { Seals } from '../../src/ports/seals.ts'
import { bot, dba, policyFiles, policyVersion } from '../support/build.ts'
import { FakeClock, FakeDirectory } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor } from '../support/fakes/macs.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { asks, claims, type Instance, newSigner, votes, world, type World } from '../support/world.ts'

export const origin = 'approvals.example/evidence'
export const day = (number: number): Day => `2026-03-${String(number).padStart(2, '0')}` as Day
export const at = (number: number, time: string): Instant => parseInstant(`${day(number)}T${time}Z`)

/** The morning after the days of {@link history}: they are all finished. */
export const morning = at(9, '00:05:00')

/** One sealer: its own process, on rows and files that it may share. */
export interface Sealer {
  readonly ledger: MemoryLedger
  readonly seals: MemorySeals
  readonly archive: MemoryArchive
  readonly clock: FakeClock
  readonly failures: unknown[]
  readonly parts: SealingParts
  run(): Promise<readonly Day[]>
}

/** A folder of its own for one test file; `clean` removes it and says what had been left there. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-test-'))
  return {
    folder,
    left: () => readdirSync(folder),
    clean: () => rmSync(folder, { recursive: true }),
  }
}

let signer: Promise<Signer> | undefined

/** A log key; one for all tests of a file. */
export const logKey = (): Promise<Signer> => (signer ??= newSigner())

interface Wanted {
  readonly ledger: MemoryLedger
  readonly spool: string
  readonly seals?: MemorySeals
  readonly archive?: MemoryArchive
  readonly clock?: FakeClock
  readonly signer?: Signer
}

export async function sealer({ ledger, spool, ...given }: Wanted): Promise<Sealer> {
  const { seals = new MemorySeals(day(4)), archive = new MemoryArchive(), clock = new FakeClock(morning) } = given
  const failures: unknown[] = []
  const ports = { ledger, seals, archive, clock, spool, signer: given.signer ?? (await logKey()) }
  const parts = partsOf(ports, failures)
  await keepPolicy(archive)
  return { ledger, seals, archive, clock, failures, parts, run: () => new Sealing(parts).run() }
}

type Ports = Pick<SealingParts, 'ledger' | 'seals' | 'archive' | 'clock' | 'signer' | 'spool'>

export const partsOf = (ports: Ports, failures: unknown[]): SealingParts => ({
  ...ports,
  ...{ origin, macs: macsFor(origin), random: randomBytes, tool: 'countersign 0.1.0' },
  ...{ policy: { version: policyVersion, namedGroups: () => [] }, directory: new FakeDirectory(ports.clock) },
  files: new Map(['README.txt', 'verify.sh', 'verify.py'].map((name) => [name, Buffer.from(`${name}\n`)])),
  failed: (cause) => void failures.push(cause),
})

/** Keeps the files of a policy version; that of tests, unless given. */
export async function keepPolicy(
  archive: Pick<Archive, 'create'>,
  { version, files } = { version: policyVersion, files: policyFiles },
): Promise<void> {
  const folder = `policy/${version.slice('sha256:'.length)}`
  for (const [name, text] of files) await archive.create(`${folder}/${name}`, Buffer.from(text), 'text/plain')
}

/** Does something around a call, or around one more page of a stream. */
type Wrap = <T>(name: string, call: () => Promise<T>, args: readonly unknown[]) => Promise<T>

/** Ports as they were, but with something done around each call. */
export function around(parts: SealingParts, wrap: Wrap) {
  const wrapped = <P extends object>(port: P, name: string): P =>
    new Proxy(port, {
      get(target, method) {
        const value: unknown = Reflect.get(target, method, target)
        if (typeof value !== 'function' || method === 'inTurn')
          return typeof value === 'function' ? value.bind(target) : value
        return (...args: unknown[]) => {
          const full = `${name}.${String(method)}`
          if (method === 'stream') return paged(value.apply(target, args) as AsyncIterable<unknown>, full, args, wrap)
          return wrap(full, () => Promise.resolve(value.apply(target, args) as Promise<unknown>), args)
        }
      },
    })
  return {
    ...parts,
    ledger: wrapped<Ledger>(parts.ledger, 'ledger'),
    seals: wrapped<Seals>(parts.seals, 'seals'),
    archive: wrapped<Archive>(parts.archive, 'archive'),
    signer: wrapped<Signer>(parts.signer, 'signer'),
  } satisfies SealingParts
}

async function* paged(stream: AsyncIterable<unknown>, name: string, args: readonly unknown[], wrap: Wrap) {
  const pages = stream[Symbol.asyncIterator]()
  for (;;) {
    const page = await wrap(name, () => pages.next(), args)
    if (page.done) return
    yield page.value
  }
}

/**
 * Always in the same shards. 4 March: one request runs through, one is asked for just before midnight, one waits. 5 March: that is approved, the
 * other expires. 6 March: nothing. 7 March: two more, one with a failure. 8 March: the one of 5 March lapses.
 */
export async function history(): Promise<World> {
  const made = await world()
  await live(made)
  return made
}

/** As {@link history}, wherever it is kept. */
export async function live(made: Instance): Promise<void> {
  const { approvals, clock } = made
  clock.set(at(4, '12:00:00'))
  const { request: first } = await approvals.ask(asked('00'))
  clock.set(at(4, '12:01:00'))
  const approved = await approvals.decide(first.id, votes(first))
  await finish(made, approved, 'succeeded')
  clock.set(at(4, '23:30:00'))
  const { request: late } = await approvals.ask(asked('03'))
  await approvals.ask(asked('05'))
  clock.set(at(4, '23:59:59.999'))
  await approvals.ask(asked('07'))
  clock.set(at(5, '00:00:00'))
  await approvals.ask(asked('0a'))
  clock.set(at(5, '00:10:00'))
  await approvals.decide(late.id, votes(late))
  clock.set(at(5, '03:00:00'))
  await approvals.sweep()
  clock.set(at(7, '09:00:00'))
  const { request: last } = await approvals.ask(asked('03'))
  clock.set(at(7, '09:00:30'))
  await finish(made, await approvals.decide(last.id, votes(last)), 'failed')
  const { request: denied } = await approvals.ask(asked('0c'))
  await approvals.decide(denied.id, votes(denied, dba, { verdict: 'deny' }))
}

let keys = 0

/** Asks in a shard: its idempotency key leads there. */
export function asked(shard: string) {
  for (;;) {
    const key = `key-${++keys}`
    if (shardOfKey(bot, key) === shard) return asks({ key })
  }
}

async function finish(world: Instance, request: Parameters<typeof claims>[1], result: 'succeeded' | 'failed') {
  const redemption = crypto.randomUUID()
  const { request: redeemed } = await world.approvals.redeem(request.id, await claims(world, request, redemption))
  await world.approvals.report(redeemed.id, { executor: redeemed.executor, result })
}

/** A bundle as it was unzipped: members in their order. */
export async function unzipped(archive: Pick<Archive, 'read'>, date: Day): Promise<ReadonlyMap<string, Buffer>> {
  const zip = await archive.read(`bundles/${date}.zip`)
  if (!zip) throw new Error(`There is no bundle of ${date}.`)
  const members = new Map<string, Buffer>()
  await new Promise<void>((done, fail) => {
    fromBuffer(Buffer.from(zip), { lazyEntries: true, strictFileNames: true }, (cause, file) => {
      if (cause) return fail(cause)
      file.on('entry', (entry: Entry) => {
        file.openReadStream(entry, (cause, stream) => {
          if (cause) return fail(cause)
          const chunks: Buffer[] = []
          stream.on('data', (chunk: Buffer) => chunks.push(chunk))
          stream.on('error', fail)
          stream.on('end', () => {
            members.set(entry.fileName, Buffer.concat(chunks))
            file.readEntry()
          })
        })
      })
      file.on('error', fail)
      file.on('end', () => done())
      file.readEntry()
    })
  })
  return members
}

/** What the manifest says; its subjects are checked against the members. */
export function manifestIn(members: ReadonlyMap<string, Buffer>) {
  const { payload, signatures } = parseBundle(textIn(members, 'manifest.sigstore.json'))
  const statement = parseStatement(payload)
  const others = [...members].slice(0, -1).map(([name, bytes]) => ({ name, sha256: sha256(bytes) }))
  expect(statement.subjects).toEqual(others)
  return { ...statement.manifest, signedBy: signatures.map(({ kid }) => kid) }
}

/** Members of bundles, but for what is signed, which is random: of that, that it is what the archive has. So are the tables beside them. */
export function comparable(archive: Pick<Archive, 'read'>, dates: readonly Day[]) {
  return Promise.all(
    dates.map(async (date) => {
      const members = await unzipped(archive, date)
      const kept = await Promise.all([archive.read(`checkpoints/${date}`), archive.read(`manifests/${date}`)])
      const held = ['checkpoint', 'manifest.sigstore.json'].map((name) => textIn(members, name))
      expect(held).toEqual(kept.map((bytes) => bytes && Buffer.from(bytes).toString('utf8')))
      for (const table of ['exceptions', 'metrics']) {
        const beside = await archive.read(`tables/${date}/${table}.csv`)
        expect(beside && Buffer.from(beside).toString('utf8')).toBe(textIn(members, `${table}.csv`))
      }
      const { number, sealedAt, tool, log, shards, counts } = manifestIn(members)
      return {
        notes: signed.slice(0, 3).map((name) => textIn(members, name).split('\n— ')[0]),
        said: { number, sealedAt, tool, log, shards, counts },
        members: [...members.keys()]
          .filter((name) => !signed.includes(name))
          .map((name) => [name, textIn(members, name)]),
      }
    }),
  )
}

const signed = ['checkpoint.prev', 'checkpoint', 'checkpoint.add', 'manifest.sigstore.json']

export const textIn = (members: ReadonlyMap<string, Buffer>, name: string): string => {
  const bytes = members.get(name)
  if (!bytes) throw new Error(`There is no member ${name}.`)
  return bytes.toString('utf8')
}

export const linesIn = (members: ReadonlyMap<string, Buffer>, name: string): readonly string[] =>
  textIn(members, name).split('\n').slice(0, -1)
