import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from '../../src/core/data/id.ts'
import { Sealing, type SealingParts } from '../../src/evidence/seal/seal.ts'
import { readVerifiers } from '../../src/runtime/folder.ts'
import { fileSigner } from '../../src/local/signer.ts'
import type { ArchivedFile } from '../../src/ports/archive.ts'
import { MemoryArchive } from '../../test/support/fakes/archive.ts'
import { macsFor } from '../../test/support/fakes/macs.ts'
import { clock, date } from './day.ts'
import { wholePolicy, wholeVersion } from './wholePolicy.ts'

const origin = 'countersign.example/evidence'

/** Seals the day of a folder. @throws {Error} if it was not sealed */
export async function sealDay(
  folder: string,
  parts: Pick<SealingParts, 'ledger' | 'seals' | 'archive'>,
): Promise<void> {
  const policy = `policy/${wholeVersion.slice('sha256:'.length)}`
  for (const [name, text] of wholePolicy)
    await parts.archive.create(`${policy}/${name}`, Buffer.from(text), 'text/plain')
  const sealed = new Sealing({
    ...parts,
    ...{ clock, origin, macs: macsFor(origin), spool: tmpdir(), random: randomBytes },
    signer: await fileSigner(join(folder, 'log.pem')),
    policy: { version: wholeVersion, namedGroups: () => [] },
    directory: { members: async () => [] },
    tool: 'countersign',
    files: readVerifiers('evidence'),
    failed: (cause) => console.error(cause),
  })
  const days = await sealed.run()
  if (days.join() !== date) throw new Error(`The day was not sealed: ${JSON.stringify(await parts.seals.alarm())}`)
}

/** Counts the bytes of bundles and tiles, and keeps them nowhere but in a file for the bundle, if one is given. */
export class CountingArchive extends MemoryArchive {
  bytes = 0
  private readonly file: string | undefined

  constructor(file?: string) {
    super()
    this.file = file
  }

  override async create(name: string, bytes: Uint8Array): Promise<void> {
    this.bytes += bytes.length
    if (!name.startsWith('tile/')) await super.create(name, bytes)
  }

  /** Other files than bundles are small, and the seal reads their notes back. */
  override async write(...all: Parameters<MemoryArchive['write']>): Promise<ArchivedFile> {
    const [name, bytes] = all
    if (!name.endsWith('.zip')) return super.write(...all)
    const hash = createHash('sha256')
    const to = this.file === undefined ? null : createWriteStream(this.file)
    let size = 0
    for await (const some of bytes) {
      size += some.length
      hash.update(some)
      if (to && !to.write(some)) await once(to, 'drain')
    }
    to?.end()
    if (to) await once(to, 'finish')
    this.bytes += size
    return { name, size, sha256: hash.digest('hex') as Hex }
  }
}
