import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicKeyOf } from '../../src/local/keys.ts'
import { asksIn, eventsIn, saidIn } from './day.ts'
import { type Bench, type Figure, figure, type Means, share } from './figure.ts'
import { type Command, type Measured, measured } from './measure.ts'
import { storeDay } from './stored.ts'
import { tilesIn } from './tiles.ts'

/** A program that works on a day. */
interface Program {
  readonly name: string
  /** What is promised of it: multiples of the floor, and of that of the same calls in processor time, and megabytes. */
  readonly most?: { readonly ratio: number; readonly processor: number; readonly megabytes: number }
  /** How many requests a second of one processor are promised, if they are counted. */
  readonly asks?: number
  /** Makes ready once, untimed, what it needs, in the folder of a day. */
  readonly prepare: (folder: string, means: Means) => Promise<Prepared>
}

interface Prepared {
  /** The command of the next run. */
  readonly next: () => Promise<Command>
  readonly close: () => Promise<void>
}

/** A program of this folder, as it was bundled. */
export const scriptOf = (name: string): string => join('dist/bench', `${name}.mjs`)

/** The same command for each run. */
const always = (command: Command): Prepared => ({ next: async () => command, close: async () => undefined })

const seals: Program = {
  name: 'seal a day',
  most: { ratio: 3, processor: 5, megabytes: 300 },
  async prepare(folder, { azurite }) {
    if (!azurite) return always({ program: scriptOf('seal'), args: [folder] })
    const stored = await storeDay(folder)
    return { next: async () => ({ program: scriptOf('sealTables'), args: await stored.next() }), close: stored.close }
  },
}

/** The command as one file, which has no Cedar beside it. */
const verifies: Program = {
  name: 'verify its bundle, policy by structure',
  most: { ratio: 3, processor: 4.5, megabytes: 300 },
  prepare: async (folder) => always({ program: 'dist/bin/countersign.cjs', args: await verifying(folder) }),
}

const judges: Program = {
  name: 'verify its bundle, policy by Cedar',
  asks: 3_000,
  async prepare(folder) {
    return always({ program: 'dist/countersign.cjs', args: [...(await verifying(folder)), '--said', saidIn(folder)] })
  },
}

/** Seals the day, and gives what the command needs to verify its bundle. */
export async function verifying(folder: string): Promise<readonly string[]> {
  const bundle = join(folder, 'bundle.zip')
  await measured({ program: scriptOf('seal'), args: [folder, bundle] })
  return ['verify', bundle, '--key', publicKeyOf(join(folder, 'log.pem'))]
}

export const seal: Bench = {
  about: 'seals a day, from files into an archive that counts bytes: beside each event read, and hashed three times',
  measure: (means) => onDay(means, seals),
}

/** Events of the day that is collected before it is sealed. */
const largeDay = 5_200_000

/** What is promised of such a day after its midnight: seconds of a processor, and megabytes. */
const largeMost = { seconds: 60, megabytes: 400 }

export const sealLarge: Bench = {
  about: `collects a day of ${largeDay.toLocaleString('en')} events every five minutes, then seals it: what is left after midnight`,
  isLong: true,
  async measure(means) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
    try {
      await measured({ program: scriptOf('makeDay'), args: [folder, String(share(means, largeDay))] })
      const collects = await measured({ program: scriptOf('collectDay'), args: [folder] })
      const seals = await measured({ program: scriptOf('sealRest'), args: [folder] })
      const title = titleOf('seal after midnight a day', eventsIn(folder))
      const tiles = means.azurite ? await tilesInto(folder, means) : []
      const seconds = (name: string, all: readonly number[], most?: number) =>
        figure({ name: `${title}: ${name}`, unit: 's', ours: all, ...(most && { goal: { of: 'ours', most } }) })
      return [
        seconds('wall time', [seals.seconds]),
        seconds('processor', [seals.processor], largeMost.seconds),
        figure({
          ...{ name: `${title}: memory at most`, unit: 'MB', ours: [seals.megabytes] },
          goal: { of: 'ours', most: largeMost.megabytes },
        }),
        seconds('processor before midnight', [collects.processor]),
        figure({ name: `${title}: memory before midnight`, unit: 'MB', ours: [collects.megabytes] }),
        ...tiles,
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** Seals again, and stores the tiles in Azurite. */
async function tilesInto(folder: string, { storage }: Means): Promise<readonly Figure[]> {
  const { blobsUrl, account, key } = await storage()
  await measured({ program: scriptOf('sealRest'), args: [folder, blobsUrl, account, key] })
  return tileFigures(folder)
}

function tileFigures(folder: string): readonly Figure[] {
  const { count, seconds } = tilesIn(folder)
  const name = `${count.toLocaleString('en')} tiles into Azurite, eight at a time: wall time`
  return [figure({ name, unit: 's', ours: [seconds] })]
}

/** Events of the day that lies in Azurite. */
const storedDay = 50_000

/** What is promised of the work of a processor, as a multiple of the floor. */
const storedMost = 5

export const sealStored: Bench = {
  about: `a day of ${storedDay.toLocaleString('en')} events in the tables of Azurite: collected every hour, then sealed into its blobs`,
  isLong: true,
  async measure(means) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
    try {
      await measured({ program: scriptOf('makeDay'), args: [folder, String(share(means, storedDay))] })
      const stored = await storeDay(folder)
      const took: { readonly collects: Measured; readonly seals: Measured; readonly floor: Measured }[] = []
      try {
        for (let run = 1; run <= means.runs; run++) {
          const args = await stored.next()
          const floor = await measured({ program: scriptOf('floor'), args: [folder] })
          const collects = await measured({ program: scriptOf('collectTables'), args })
          took.push({ floor, collects, seals: await measured({ program: scriptOf('sealTables'), args }) })
        }
      } finally {
        await stored.close()
      }
      const title = titleOf('from tables, a day', eventsIn(folder))
      const floor = took.map((one) => one.floor.processor)
      const processor = (name: string, ours: readonly number[]) =>
        figure({ name: `${title}: ${name}`, unit: 's', ours, floor })
      return [
        processor(
          'processor before midnight',
          took.map(({ collects }) => collects.processor),
        ),
        figure({
          ...{ name: `${title}: processor after midnight`, unit: 's', floor },
          ours: took.map(({ seals }) => seals.processor),
          goal: { of: 'ratio', most: storedMost },
        }),
        figure({ name: `${title}: wall time after midnight`, unit: 's', ours: took.map(({ seals }) => seals.seconds) }),
        ...tileFigures(folder),
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

export const verify: Bench = {
  about: 'countersign verify on the bundle of that day, beside the same floor',
  measure: (means) => onDay(means, verifies),
}

export const verifySaid: Bench = {
  about: 'the same with the said file: each action is judged anew by Cedar; requests per second of one processor',
  measure: (means) => onDay(means, judges),
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
      const sameCalls: Measured[] = []
      for (let run = 1; run <= means.runs; run++) {
        floor.push(await measured({ program: scriptOf('floor'), args: [folder] }))
        if (program.asks === undefined)
          sameCalls.push(await measured({ program: scriptOf('floor'), args: [folder, 'calls'] }))
        took.push(await measured(await next()))
      }
      const given = { events: eventsIn(folder), took, floor }
      if (program.asks !== undefined) return [asksOf(program.name, program.asks, { ...given, asks: asksIn(folder) })]
      return figuresOf(program, { ...given, sameCalls, promised: !means.azurite })
    } finally {
      await close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Took {
  readonly events: number
  readonly took: readonly Measured[]
  readonly floor: readonly Measured[]
}

const titleOf = (name: string, events: number): string => `${name} of ${events.toLocaleString('en')} events`

/** Requests by the time that processors worked: another thread counts, too. */
function asksOf(name: string, least: number, { events, asks, took, floor }: Took & { readonly asks: number }): Figure {
  const perSecond = (all: readonly Measured[]) => all.map(({ processor }) => asks / processor)
  return figure({
    ...{ name: `${titleOf(name, events)}: requests`, unit: 'per s', ours: perSecond(took), floor: perSecond(floor) },
    goal: { of: 'ours', least },
  })
}

/** What is promised is about the program, not about a storage that is emulated. */
function figuresOf(
  { name, most }: Program,
  given: Took & { readonly sameCalls: readonly Measured[]; readonly promised: boolean },
): readonly Figure[] {
  const { events, took, floor, sameCalls, promised } = given
  const title = titleOf(name, events)
  const seconds = (all: readonly Measured[]) => all.map((one) => one.seconds)
  const processor = (all: readonly Measured[]) => all.map((one) => one.processor)
  const memory = Math.max(...took.map((one) => one.megabytes))
  return [
    figure({
      ...{ name: title, unit: 's', ours: seconds(took), floor: seconds(floor) },
      ...(promised && most && { goal: { of: 'ratio', most: most.ratio } as const }),
    }),
    figure({
      ...{ name: `${title}: processor`, unit: 's', ours: processor(took), floor: processor(sameCalls) },
      ...(promised && most && { goal: { of: 'ratio', most: most.processor } as const }),
    }),
    figure({
      ...{ name: `${title}: memory at most`, unit: 'MB', ours: [memory] },
      ...(promised && most && { goal: { of: 'ours', most: most.megabytes } as const }),
    }),
  ]
}
