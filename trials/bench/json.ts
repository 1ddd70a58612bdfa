import { readJson } from '../../src/core/data/json.ts'
import { type Bench, each, type Figure, figure, inTurns, type Means, share } from './figure.ts'

export const json: Bench = {
  about: 'the strict JSON reader, beside JSON.parse on the same bytes',
  measure: async (means) => [await read(means, 'an ask of 1 KiB', 12), await read(means, 'a body of 60 KiB', 1_000)],
}

async function read(means: Means, what: string, members: number): Promise<Figure> {
  const params = Object.fromEntries(Array.from({ length: members }, (_, i) => [`param-${i}`, `value ${i} `.repeat(5)]))
  const bytes = Buffer.from(
    JSON.stringify({ action: 'db.export', target: 'prod/postgres', environment: 'production', params, reason: 'Why' }),
  )
  const times = share(means, Math.round(20_000_000 / bytes.length))
  const ours: number[] = []
  const floor: number[] = []
  await inTurns(means, async (counts) => {
    const took = each(times, () => readJson(bytes))
    const tookBare = each(times, () => JSON.parse(bytes.toString('utf8')) as unknown)
    if (!counts) return
    ours.push(took * 1_000)
    floor.push(tookBare * 1_000)
  })
  return figure({ name: `strict JSON, ${what}`, unit: 'µs', ours, floor })
}
