import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicKeyOf } from '../../src/local/keys.ts'
import { eventsIn } from './day.ts'
import { type Bench, type Figure, figure, type Means, share } from './figure.ts'
import { type Command, type Measured, measured } from './measure.ts'
import { storeDay } from './stored.ts'

/** A program that works on a day. */
interface Program {
  readonly name: string
  /** What is promised of it: a multiple of the floor, and megabytes. */
  readonly most: { readonly ratio: number; readonly megabytes: number }
  /** Makes ready once, untimed, what it needs, in the folder of a day. */
  readonly prepare: (folder: string, means: Means) => Promise<Prepared>
}

interface Prepared {
  /** The command of the next run. */
  readonly next: () => Promise<Command>
  readonly close: () => Promise<void>
}

/** A program of this folder, as it was bundled. */
const scriptOf = (name: string): string => join('dist/bench', `${name}.mjs`)

/** The same command for each run. */
const always = (command: Command): Prepared => ({ next: async () => command, close: async () => undefined })

const seals: Program = {
  name: 'seal a day',
  most: { ratio: 3, megabytes: 300 },
  async prepare(folder, { azurite }) {
    if (!azurite) return always({ program: scriptOf('seal'), args: [folder] })
    const stored = await storeDay(folder)
    return { next: async () => ({ program: scriptOf('sealTables'), args: await stored.next() }), close: stored.close }
  },
}

const verifies: Program = {
  name: 'verify its bundle',
  most: { ratio: 2.5, megabytes: 300 },
  async prepare(folder) {
    const bundle = join(folder, 'bundle.zip')
    await measured({ program: scriptOf('seal'), args: [folder, bundle] })
    const args = ['verify', bundle, '--key', publicKeyOf(join(folder, 'log.pem'))]
    return always({ program: 'dist/countersign.cjs', args })
  },
}

export const seal: Bench = {
  about: 'seals a day, from files into an archive that counts bytes: beside each event read, and hashed three times',
  measure: (means) => onDay(means, seals),
}

export const verify: Bench = {
  about: 'countersign verify on the bundle of that day, beside the same floor',
  measure: (means) => onDay(means, verifies),
}

/** Makes a day, then runs the floor and the program in turn, each as a process of its own. */
async function onDay(means: Means, program: Program): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  try {
    await measured({ program: scriptOf('makeDay'), args: [folder, String(share(means, means.events))] })
    const { next, close } = await program.prepare(folder, means)
    try {
      const took: Measured[] = []
      const floor: Measured[] = []
      for (let run = 1; run <= means.runs; run++) {
        floor.push(await measured({ program: scriptOf('floor'), args: [folder] }))
        took.push(await measured(await next()))
      }
      return figuresOf(program, { events: eventsIn(folder), took, floor, promised: !means.azurite })
    } finally {
      await close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is promised is about the program, not about a storage that is emulated. */
function figuresOf(
  { name, most: { ratio, megabytes } }: Pick<Program, 'name' | 'most'>,
  given: {
    readonly events: number
    readonly took: readonly Measured[]
    readonly floor: readonly Measured[]
    readonly promised: boolean
  },
): readonly Figure[] {
  const { events, took, floor, promised } = given
  const title = `${name} of ${events.toLocaleString('en')} events`
  const seconds = (all: readonly Measured[]) => all.map((one) => one.seconds)
  const memory = Math.max(...took.map((one) => one.megabytes))
  return [
    figure({
      ...{ name: title, unit: 's', ours: seconds(took), floor: seconds(floor) },
      ...(promised && { goal: { of: 'ratio', most: ratio } as const }),
    }),
    figure({
      ...{ name: `${title}: memory at most`, unit: 'MB', ours: [memory] },
      ...(promised && { goal: { of: 'ours', most: megabytes } as const }),
    }),
  ]
}
