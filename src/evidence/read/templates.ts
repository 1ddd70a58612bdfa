import { type Digest, type Hex, sha256 } from '../../core/data/id.ts'
import type { Archive } from '../../ports/archive.ts'

/** Finds the card templates of earlier policy versions, of which the archive keeps all files. */
export class Templates {
  readonly #archive: Pick<Archive, 'read' | 'list'>
  /** Templates by digest. They never change, and there are few. */
  readonly #known = new Map<Hex, Uint8Array>()

  constructor(archive: Pick<Archive, 'read' | 'list'>) {
    this.#archive = archive
  }

  /**
   * Finds the template of the approver's view by its digest; `null` if no version in the archive has it.
   *
   * @param version the policy version that most likely has it, which is looked at first
   */
  async find(template: Hex, version: Digest): Promise<Uint8Array | null> {
    const known = this.#known.get(template)
    if (known !== undefined) return known
    const likely = suffixes.map((suffix) => `policy/${version.slice('sha256:'.length)}${suffix}`)
    const found = (await this.#among(likely, template)) ?? (await this.#anywhere(template, likely))
    if (found !== null) this.#known.set(template, found)
    return found
  }

  async #anywhere(template: Hex, but: readonly string[]): Promise<Uint8Array | null> {
    const names = (await this.#archive.list('policy/')).map(({ name }) => name)
    const isView = (name: string) => suffixes.some((suffix) => name.endsWith(suffix))
    return this.#among(
      names.filter((name) => isView(name) && !but.includes(name)),
      template,
    )
  }

  async #among(names: readonly string[], template: Hex): Promise<Uint8Array | null> {
    for (const name of names) {
      const found = await this.#same(name, template)
      if (found !== null) return found
    }
    return null
  }

  /** Reads a file, if it is this template. */
  async #same(name: string, template: Hex): Promise<Uint8Array | null> {
    const bytes = await this.#archive.read(name)
    return bytes !== null && sha256(bytes) === template ? bytes : null
  }
}

/** The views of Teams, and those of Slack. */
const suffixes = ['/cards/review.json', '/cards/slack-review.json']
