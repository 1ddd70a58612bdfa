import { type Digest, type Hex, sha256 } from '../core/data/id.ts'
import { editionFile, readEdition } from '../core/record/policyVersion.ts'
import { bytesOf } from './content.ts'
import { withFile } from './file.ts'
import { BrokenAt } from './finding.ts'
import { extentOf } from './manifest.ts'
import { directory } from './zip/centralDirectory.ts'

/** What of a bundle views are drawn from. */
export interface Editions {
  /**
   * Reads the files of a policy version by name, with its card templates as `cards/NAME`.
   *
   * @throws {BrokenAt} `missing-member`, `wrong-digest`
   */
  readonly policy: (version: Digest) => Promise<ReadonlyMap<string, Uint8Array>>
  /** Reads a card template; `null` if the bundle does not have it. @throws {BrokenAt} `wrong-digest` */
  readonly template: (hash: Hex) => Promise<Uint8Array | null>
}

/** Opens the policies and card templates of a bundle. Each file is checked to be the one that its name or version says. */
export function withEditions<T>(path: string, work: (editions: Editions) => Promise<T>): Promise<T> {
  return withFile(path, async (opened) => {
    const members = await directory(opened)
    const read = async (name: string, hash: Hex): Promise<Uint8Array> => {
      const bytes = await bytesOf(opened.fd, extentOf(members, name))
      if (sha256(bytes) !== hash) throw wrong(name)
      return bytes
    }
    return work({
      policy: async (version) => {
        const folder = `policy/${version.slice('sha256:'.length)}`
        const edition = `${folder}/${editionFile}`
        const files = readEdition(await bytesOf(opened.fd, extentOf(members, edition)), version)
        if (!files) throw wrong(edition)
        const found = [...files].map(async ([name, hash]) => {
          const member = name.startsWith('cards/') ? `cards/${hash}.json` : `${folder}/${name}`
          return [name, await read(member, hash)] as const
        })
        return new Map(await Promise.all(found))
      },
      template: (hash) =>
        members.has(`cards/${hash}.json`) ? read(`cards/${hash}.json`, hash) : Promise.resolve(null),
    })
  })
}

const wrong = (member: string): BrokenAt =>
  new BrokenAt({ check: 'members', member }, 'wrong-digest', `${member} is not the file that its name says.`)
