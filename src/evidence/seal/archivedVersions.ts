import { Broken } from '../../core/data/broken.ts'
import { type Digest, type Hex, sha256 } from '../../core/data/id.ts'
import { type ControlsByRule, controlsByRule } from '../../core/policy/controls.ts'
import { ruleListFile } from '../../core/policy/ruleList.ts'
import { editionFile, editionOf, versionOf } from '../../core/record/policyVersion.ts'
import type { Archive } from '../../ports/archive.ts'
import { type Member, member } from './bundleZip.ts'

/** The files of a policy version as a bundle has them. */
interface ArchivedVersion {
  readonly policies: readonly Member[]
  readonly cards: readonly Member[]
  readonly controls: ControlsByRule
}

/** Reads policy versions from the archive, each once. */
export class ArchivedVersions {
  readonly #archive: Pick<Archive, 'list' | 'read'>
  readonly #known = new Map<Digest, ArchivedVersion>()

  constructor(archive: Pick<Archive, 'list' | 'read'>) {
    this.#archive = archive
  }

  /** A version that was read before. */
  known(version: Digest): ArchivedVersion | undefined {
    return this.#known.get(version)
  }

  /** @throws {Broken} `missing-member` if the archive lacks the version, `wrong-digest` if its files have changed */
  async of(version: Digest): Promise<ArchivedVersion> {
    const known = this.#known.get(version)
    if (known) return known
    const read = await readVersion(this.#archive, version)
    this.#known.set(version, read)
    return read
  }

  /** The rules and card templates of versions, each sorted by name. Throws as {@link ArchivedVersions.of}. */
  async members(versions: Iterable<Digest>): Promise<Omit<ArchivedVersion, 'controls'>> {
    const policies = new Map<string, Member>()
    const cards = new Map<string, Member>()
    for (const version of versions) {
      const files = await this.of(version)
      for (const one of files.policies) policies.set(one.name, one)
      for (const one of files.cards) cards.set(one.name, one)
    }
    return { policies: byName(policies), cards: byName(cards) }
  }
}

async function readVersion(archive: Pick<Archive, 'list' | 'read'>, version: Digest): Promise<ArchivedVersion> {
  const folder = `policy/${version.slice('sha256:'.length)}/`
  const policies: Member[] = []
  const cards: Member[] = []
  const hashes = new Map<string, Hex>()
  let ruleList: Uint8Array | null = null
  const files = await archive.list(folder)
  if (files.length === 0) throw new Broken('missing-member', `The archive has no files of policy ${version}.`)
  for (const { name } of files) {
    const bytes = await archive.read(name)
    if (bytes === null) throw new Broken('missing-member', `The archive has no ${name}.`)
    const isCard = name.startsWith(`${folder}cards/`)
    const made = member(isCard ? `cards/${sha256(bytes)}.json` : name, bytes)
    const members = isCard ? cards : policies
    members.push(made)
    hashes.set(name.slice(folder.length), made.sha256)
    if (name === `${folder}${ruleListFile}`) ruleList = bytes
  }
  if (versionOf(hashes) !== version)
    throw new Broken('wrong-digest', `The archive does not have the files of policy ${version} as they were.`)
  policies.push(member(`${folder}${editionFile}`, editionOf(hashes)))
  return { policies, cards, controls: controlsByRule(ruleList) }
}

const byName = (members: ReadonlyMap<string, Member>): readonly Member[] =>
  [...members.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
