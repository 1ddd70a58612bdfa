import { join } from 'node:path'
import { publicKeyOf } from '../../src/local/keys.ts'
import type { Most } from './figures.ts'
import { type Command, measured } from './measure.ts'
import { storeDay } from './stored.ts'

/** A program that is measured. */
interface Program {
  readonly about: string
  readonly most: Most
  /** Makes ready once, untimed, what it needs, in the folder of a day. */
  readonly prepare: (folder: string, options: { readonly azurite: boolean }) => Promise<Prepared>
}

export interface Prepared {
  /** The command of the next run. */
  readonly next: () => Promise<Command>
  readonly close: () => Promise<void>
}

/** A program of this folder, as it was bundled. */
export const scriptOf = (name: string): string => join(import.meta.dirname, `${name}.mjs`)

/** The same command for each run. */
export const always = (command: Command): Prepared => ({ next: async () => command, close: async () => undefined })

const seal: Program = {
  about: 'seals a day: from files, into an archive that counts bytes',
  most: { ratio: 3, megabytes: 300 },
  async prepare(folder, { azurite }) {
    if (!azurite) return always({ program: scriptOf('seal'), args: [folder] })
    const stored = await storeDay(folder)
    return { next: async () => ({ program: scriptOf('sealTables'), args: await stored.next() }), close: stored.close }
  },
}

const verify: Program = {
  about: 'countersign verify, on the bundle of that day',
  most: { ratio: 2.5, megabytes: 300 },
  async prepare(folder) {
    const bundle = join(folder, 'bundle.zip')
    await measured({ program: scriptOf('seal'), args: [folder, bundle] })
    const args = ['verify', bundle, '--key', publicKeyOf(join(folder, 'log.pem'))]
    return always({ program: 'dist/countersign.cjs', args })
  },
}

export const programs = { seal, verify } as const satisfies Record<string, Program>

export type Name = keyof typeof programs

export const isName = (text: string): text is Name => Object.hasOwn(programs, text)
