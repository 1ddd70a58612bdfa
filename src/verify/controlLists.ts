import type { Digest } from '../core/data/id.ts'
import { type ControlsByRule, controlsByRule } from '../core/policy/controls.ts'
import { ruleListFile } from '../core/policy/ruleList.ts'
import { bytesOf } from './content.ts'
import type { Extent, ZipMembers } from './zip/centralDirectory.ts'

/** A policy version of a bundle, and where its `rules.json` lies. */
export interface RuleListPlace {
  readonly version: Digest
  readonly extent: Extent
}

/** Finds the lists of rules in a bundle. */
export const ruleListsIn = (members: ZipMembers): readonly RuleListPlace[] =>
  [...members].flatMap(([member, extent]) => {
    const [, hex, file] = /^policy\/([0-9a-f]{64})\/(.+)$/.exec(member) ?? []
    return hex !== undefined && file === ruleListFile ? [{ version: `sha256:${hex}` as Digest, extent }] : []
  })

/** The most versions that are remembered. Few are in force on a day. */
const mostRemembered = 32

/** Reads which controls the rules of a policy version serve. The digests of the bundle's members were checked before. */
export class ControlLists {
  readonly #fd: number
  readonly #places: ReadonlyMap<Digest, Extent>
  readonly #known = new Map<Digest, ControlsByRule>()

  constructor(fd: number, places: readonly RuleListPlace[]) {
    this.#fd = fd
    this.#places = new Map(places.map(({ version, extent }) => [version, extent]))
  }

  /** Those of a version that was read before. */
  known(version: Digest): ControlsByRule | undefined {
    return this.#known.get(version)
  }

  /** Reads those of a version. A version that the bundle lacks has none: {@link checkPolicies} refuses such a bundle. */
  async of(version: Digest): Promise<ControlsByRule> {
    const extent = this.#places.get(version)
    const read = controlsByRule(extent ? await bytesOf(this.#fd, extent) : null)
    if (this.#known.size >= mostRemembered) this.#known.clear()
    this.#known.set(version, read)
    return read
  }
}
