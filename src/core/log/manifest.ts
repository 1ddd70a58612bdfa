import { decodeHash } from '../data/base64.ts'
import { type Day, dayOf } from '../data/day.ts'
import { badField, hash64, hex, list, members, moment, natural, object, string } from './field.ts'
import { type Digest, type Hex, shards } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import type { Json } from '../data/json.ts'
import { isFrontier } from './merkle.ts'
import { isKeyName } from './note.ts'
import { typeName } from '../data/shape.ts'

/** The description of a bundle, signed as the statement's predicate. docs/evidence/bundle.md explains each field. */
export interface Manifest {
  readonly number: number
  readonly date: Day
  readonly sealedAt: Instant
  readonly log: {
    readonly origin: string
    readonly from: { readonly size: number; readonly root: string; readonly frontier: readonly string[] }
    readonly to: { readonly size: number; readonly root: string }
  }
  readonly shards: Readonly<Record<string, ShardCut>>
  readonly counts: {
    readonly records: number
    readonly carried: number
    readonly requests: number
    readonly exceptions: number
    readonly types: Readonly<Record<string, number>>
  }
  readonly previousManifest?: Hex
  readonly tool: string
}

/** What a day has of a shard's chain. */
export type ShardCut = {
  /** The number of the last event that was sealed before. */
  readonly from: number
  /** The number of the day's last event. */
  readonly to: number
  /** The hash of that event. */
  readonly head: Hex
  /** The policy version that was in force before the day; absent if no event had named one. */
  readonly policyFrom?: Digest
  /** The policy version that is in force after the day. */
  readonly policyTo?: Digest
}

/** How many events of the day say that somebody had changed what was stored. The day holds all the same. */
export const tamperingsIn = ({ counts }: Pick<Manifest, 'counts'>): number => counts.types['tampered'] ?? 0

/** Reads a statement's predicate, strictly. @throws {Broken} `bad-manifest` */
export function readManifest(value: Json | undefined): Manifest {
  const required = ['number', 'date', 'sealedAt', 'log', 'shards', 'counts', 'tool']
  const predicate = members(value, 'predicate', required, ['previousManifest'])
  const number = natural(predicate['number'], 'number')
  const previous = predicate['previousManifest']
  if (number < 1) throw badField('number')
  if ((number === 1) !== (previous === undefined)) throw badField('previousManifest')
  return {
    number,
    date: readDay(predicate['date']),
    sealedAt: moment(predicate['sealedAt'], 'sealedAt'),
    log: readLog(predicate['log']),
    shards: readShards(predicate['shards']),
    counts: readCounts(predicate['counts']),
    ...(previous !== undefined && { previousManifest: hex(previous, 'previousManifest') }),
    tool: string(predicate['tool'], 'tool', /^[^\p{Cc}]{1,100}$/u),
  }
}

function readLog(value: Json | undefined): Manifest['log'] {
  const log = members(value, 'log', ['origin', 'from', 'to'])
  const from = members(log['from'], 'log.from', ['size', 'root', 'frontier'])
  const to = members(log['to'], 'log.to', ['size', 'root'])
  const size = natural(from['size'], 'log.from.size')
  const frontier = list(from['frontier'], 'log.from.frontier').map((item) => hash64(item, 'log.from.frontier'))
  const roots = frontier.map(decodeHash).filter((hash) => hash !== null)
  if (!isFrontier({ size, roots })) throw badField('log.from.frontier')
  const newSize = natural(to['size'], 'log.to.size')
  if (newSize < size) throw badField('log.to.size')
  const origin = string(log['origin'], 'log.origin')
  if (!isKeyName(origin)) throw badField('log.origin')
  return {
    origin,
    from: { size, root: hash64(from['root'], 'log.from.root'), frontier },
    to: { size: newSize, root: hash64(to['root'], 'log.to.root') },
  }
}

function readShards(value: Json | undefined): Manifest['shards'] {
  const all = members(value, 'shards', shards)
  return Object.fromEntries(
    shards.map((shard) => {
      const cut = members(all[shard], `shards.${shard}`, ['from', 'to', 'head'], ['policyFrom', 'policyTo'])
      const from = natural(cut['from'], `shards.${shard}.from`)
      const to = natural(cut['to'], `shards.${shard}.to`)
      const head = hex(cut['head'], `shards.${shard}.head`)
      const policyFrom = readVersion(cut['policyFrom'], `shards.${shard}.policyFrom`)
      const policyTo = readVersion(cut['policyTo'], `shards.${shard}.policyTo`)
      // A shard without events has no head.
      const hasHead = (to === 0) === /^0+$/.test(head)
      // A policy is in force from a shard's first event on, and another one only by an event.
      const isNamed =
        (from > 0 || policyFrom === undefined) &&
        (to > 0 || policyTo === undefined) &&
        (to > from || policyFrom === policyTo) &&
        (policyFrom === undefined || policyTo !== undefined)
      if (to < from || !hasHead || !isNamed) throw badField(`shards.${shard}`)
      return [shard, { from, to, head, ...(policyFrom && { policyFrom }), ...(policyTo && { policyTo }) }]
    }),
  )
}

const readVersion = (value: Json | undefined, name: string): Digest | undefined =>
  value === undefined ? undefined : (string(value, name, /^sha256:[0-9a-f]{64}$/) as Digest)

function readCounts(value: Json | undefined): Manifest['counts'] {
  const counts = members(value, 'counts', ['records', 'carried', 'requests', 'exceptions', 'types'])
  const types = Object.entries(object(counts['types'], 'counts.types')).map(([type, count]) => {
    if (typeName(type) !== null || natural(count, 'counts.types') < 1) throw badField('counts.types')
    return [type, natural(count, 'counts.types')] as const
  })
  return {
    records: natural(counts['records'], 'counts.records'),
    carried: natural(counts['carried'], 'counts.carried'),
    requests: natural(counts['requests'], 'counts.requests'),
    exceptions: natural(counts['exceptions'], 'counts.exceptions'),
    types: Object.fromEntries(types),
  }
}

function readDay(value: Json | undefined): Day {
  // If the day's first moment is valid, so is the day.
  return dayOf(moment(`${string(value, 'date')}T00:00:00.000Z`, 'date'))
}
