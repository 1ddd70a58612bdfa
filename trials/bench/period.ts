import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publicKeyOf } from '../../src/local/keys.ts'
import { eventsIn } from './day.ts'
import { scriptOf } from './days.ts'
import { type Bench, figure, type Means, share } from './figure.ts'
import { type Measured, measured } from './measure.ts'

/** Days of the period. */
const days = 90

/**
 * What is promised: verifying takes so many times the processors that the same hashes take, a report so many times what verifying
 * the same days takes; and megabytes.
 */
const most = { verify: 4.5, ratio: 2, megabytes: 300 }

/** The forms of the report that are measured. */
const forms = ['html', 'xlsx'] as const

export const reportPeriod: Bench = {
  about: `countersign report on a period of ${days} days, as pages and as a workbook: beside countersign verify --chain on the same, and that beside each event hashed three times`,
  isLong: true,
  async measure(means) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
    try {
      return await onPeriod(means, folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function onPeriod(means: Means, folder: string) {
  const events = Math.ceil(share(means, means.events) / days)
  await measured({ program: scriptOf('makePeriod'), args: [folder, String(days), String(events)] })
  const key = publicKeyOf(join(folder, 'log.pem'))
  const verifies: Measured[] = []
  const floors: Measured[] = []
  const reports = new Map<string, Measured[]>(forms.map((form) => [form, []]))
  for (let run = 1; run <= means.runs; run++) {
    floors.push(await measured({ program: scriptOf('floor'), args: [folder, 'calls'] }))
    verifies.push(await command(['verify', '--chain', folder, '--key', key]))
    for (const [form, took] of reports) {
      const out = join(folder, `report-${run}`)
      mkdirSync(out, { recursive: true })
      took.push(await command(['report', '--chain', folder, '--key', key, '--out', join(out, `report.${form}`)]))
      rmSync(out, { recursive: true })
    }
  }
  const count = eventsIn(folder).toLocaleString('en')
  const processor = (all: readonly Measured[]) => all.map((one) => one.processor)
  const memory = (name: string, all: readonly Measured[]) =>
    figure({
      ...{ name: `${name}: memory at most`, unit: 'MB', ours: [Math.max(...all.map(({ megabytes }) => megabytes))] },
      goal: { of: 'ours', most: most.megabytes },
    })
  return [
    figure({
      ...{ name: `verify ${days} days of ${count} events: processor`, unit: 's' },
      ...{ ours: processor(verifies), floor: processor(floors), goal: { of: 'ratio', most: most.verify } },
    }),
    memory(`verify ${days} days of ${count} events`, verifies),
    ...[...reports].flatMap(([form, took]) => {
      const name = `report ${days} days of ${count} events as ${form}`
      const goal = { of: 'ratio', most: most.ratio } as const
      return [
        figure({ name: `${name}: processor`, unit: 's', ours: processor(took), floor: processor(verifies), goal }),
        memory(name, took),
      ]
    }),
  ]
}

const command = (args: readonly string[]): Promise<Measured> => measured({ program: 'dist/bin/countersign.cjs', args })
