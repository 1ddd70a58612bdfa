import { lineDiff } from '../../core/action/lineDiff.ts'
import type { Day } from '../../core/data/day.ts'
import type { Digest } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { type ControlsByRule, controlsByRule } from '../../core/policy/controls.ts'
import { rosterFile } from '../../core/policy/roster.ts'
import { ruleListFile } from '../../core/policy/ruleList.ts'
import { withEditions } from '../../verify/edition.ts'
import { BrokenAt } from '../../verify/finding.ts'
import type { HoldingDay } from '../../verify/period.ts'
import type { ReadEvent } from './facts.ts'
import type { NamesOfPeriod } from './names.ts'

/** A policy version that a day of the period names. */
export interface KnownVersion {
  readonly version: Digest
  /** The first and the last day of the period whose bundle names it. */
  readonly first: Day
  last: Day
  readonly controls: ControlsByRule
  /** Its files by name; those of cards are left out. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** A change of policy, which every shard records for itself. */
export interface PolicyChange {
  readonly from?: Digest
  readonly to: Digest
  /** When the first shard recorded it, and the last. */
  readonly at: Instant
  until: Instant
  shards: number
  /** What the deployer said of it; absent if nothing was said, given or left. */
  ref?: string
}

/** A day that was verified, as far as its policies are concerned. */
type DayOfPolicies = Pick<HoldingDay, 'path' | 'date' | 'manifest'>

/** What changed in a file, line by line. */
export interface FileChange {
  readonly name: string
  readonly lines: readonly { readonly sign: '+' | '-' | ' ' | '…'; readonly text: string }[]
}

/** The policy versions of a period, and how one followed the other. */
export class PoliciesOfPeriod {
  readonly #names: NamesOfPeriod
  readonly #versions = new Map<string, KnownVersion>()
  readonly #changes = new Map<string, PolicyChange>()

  constructor(names: NamesOfPeriod) {
    this.#names = names
  }

  /** Reads the versions that a day names and that are not known yet. */
  async learn(day: DayOfPolicies, named: Iterable<string>): Promise<void> {
    const all = new Set(named)
    for (const { policyFrom, policyTo } of Object.values(day.manifest.shards))
      for (const version of [policyFrom, policyTo]) if (version !== undefined) all.add(version)
    for (const version of all) {
      const known = this.#versions.get(version)
      if (known) known.last = day.date
    }
    const news = [...all].filter((version) => !this.#versions.has(version)) as Digest[]
    if (news.length === 0) return
    await withEditions(day.path, async ({ policy }) => {
      for (const version of news) {
        const files = await policy(version).catch(absent)
        if (files) this.#add(version, day.date, files)
      }
    })
  }

  /** Takes an event `policy-changed`. */
  take({ event, texts }: ReadEvent): void {
    if (event.type !== 'policy-changed') return
    const { from, to } = event.data
    const key = `${from ?? ''} ${to}`
    const ref = texts.find(({ name }) => name === 'ref')?.text
    const known = this.#changes.get(key)
    if (!known) {
      const change = { to, at: event.at, until: event.at, shards: 1 }
      this.#changes.set(key, { ...(from !== undefined && { from }), ...change, ...(ref !== undefined && { ref }) })
      return
    }
    known.shards += 1
    if (event.at > known.until) known.until = event.at
    if (ref !== undefined) known.ref ??= ref
  }

  versions(): readonly KnownVersion[] {
    return [...this.#versions.values()]
  }

  /** The changes, the oldest first. */
  changes(): readonly PolicyChange[] {
    return [...this.#changes.values()].sort((a, b) => (a.at < b.at ? -1 : 1))
  }

  /** The controls of each rule of a version; none of a version that no day has. */
  controls(version: string): ControlsByRule {
    return this.#versions.get(version)?.controls ?? new Map()
  }

  /** Compares the files of two versions; `null` if one of them is not known. */
  diff(from: Digest, to: Digest): readonly FileChange[] | null {
    const [before, after] = [this.#versions.get(from)?.files, this.#versions.get(to)?.files]
    if (!before || !after) return null
    const names = [...new Set([...before.keys(), ...after.keys()])].sort()
    return names.flatMap((name) => changeOf(name, textOf(before.get(name)), textOf(after.get(name))))
  }

  #add(version: Digest, day: Day, all: ReadonlyMap<string, Uint8Array>): void {
    const files = new Map([...all].filter(([name]) => !name.startsWith('cards/')))
    const roster = files.get(rosterFile)
    if (roster) this.#names.learnAgents(roster)
    const controls = controlsByRule(files.get(ruleListFile) ?? null)
    this.#versions.set(version, { version, first: day, last: day, controls, files })
  }
}

/** A version whose files the bundle does not have, as one that only a carried event names. */
function absent(cause: unknown): null {
  if (cause instanceof BrokenAt && cause.code === 'missing-member') return null
  throw cause
}

const textOf = (bytes: Uint8Array | undefined): readonly string[] =>
  bytes === undefined ? [] : Buffer.from(bytes).toString('utf8').split('\n')

/** Lines around a change that are shown. */
const around = 2

/** Lists the changed lines of a file with some around them; empty if nothing changed. The list of rules is derived. */
function changeOf(name: string, before: readonly string[], after: readonly string[]): readonly FileChange[] {
  if (name === ruleListFile) return []
  const lines = lineDiff(before, after)
  const isNear = lines.map((_line, i) =>
    lines.slice(Math.max(0, i - around), i + around + 1).some(({ sign }) => sign !== 'both'),
  )
  if (!isNear.includes(true)) return []
  const shown = lines.flatMap(({ sign, line }, i): FileChange['lines'] => {
    if (!isNear[i]) return isNear[i - 1] ? [{ sign: '…', text: '' }] : []
    return [{ sign: sign === 'before' ? '-' : sign === 'after' ? '+' : ' ', text: line }]
  })
  return [{ name, lines: shown }]
}
