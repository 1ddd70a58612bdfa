import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Day, endOf } from '../../src/core/data/day.ts'
import { shards } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { entryBundleOf, tilePath } from '../../src/core/log/tile.ts'
import { pemOf, spkiOf, thumbprintOf } from '../../src/core/log/signature.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { verifySeries } from '../../src/verify/series.ts'
import type { Sealer } from './account.ts'
import { linesIn, logKey, manifestIn, unzipped } from './days.ts'
import { writeFolder } from './forgery.ts'
import { run, runInside, type Script, scripts } from './scripts.ts'

type Sealed = Pick<Sealer, 'ledger' | 'seals' | 'archive'>

/**
 * Finds exactly these days sealed: every event of theirs is in one bundle, at its place in the log; one zip each. Our
 * own verifier verifies all of them, and both scripts inside a bundle the bundles of `scripted`, which takes them a
 * second of a processor each.
 *
 * @returns the leaves of each day
 */
export async function checkSeries(
  one: Sealed,
  days: readonly Day[],
  folder: string,
  scripted: readonly Day[] = [],
): Promise<readonly string[][]> {
  const leaves = await checkLog(one, days)
  await checkVerified(one, days, folder, scripted)
  return leaves
}

/** As {@link checkSeries}, but for the verifiers. */
export async function checkLog({ ledger, seals, archive }: Sealed, days: readonly Day[]): Promise<readonly string[][]> {
  expect((await archive.list('bundles/')).map(({ name }) => name)).toEqual(days.map((date) => `bundles/${date}.zip`))
  expect((await seals.plans()).map(({ date }) => date)).toEqual(days)
  const leaves: string[][] = []
  for (const [place, date] of days.entries()) {
    const members = await unzipped(archive, date)
    const { number, log, counts } = manifestIn(members)
    const lines = [...linesIn(members, 'records.jsonl')]
    const size = leaves.flat().length
    expect({ number, from: log.from.size, to: log.to.size }).toEqual({
      ...{ number: place + 1, from: size, to: size + lines.length },
    })
    expect(counts.records).toBe(lines.length)
    expect(lines.filter((line) => !line.includes(`"at":"${date}T`))).toEqual([])
    leaves.push(lines)
  }
  expect(leaves.flat().toSorted()).toEqual(await keptBefore(ledger, endOf(days.at(-1) ?? ('' as Day))))
  const all = leaves.flat()
  const tile = tilePath({ level: 'entries', index: 0, width: all.length })
  expect(await archive.read(tile)).toEqual(entryBundleOf(all.map((text) => Buffer.from(text))))
  expect((await seals.head()).head).toMatchObject({ number: days.length, date: days.at(-1), size: all.length })
  return leaves
}

/** The leaves of all events before a moment, sorted. */
async function keptBefore(ledger: Sealed['ledger'], end: Instant): Promise<readonly string[]> {
  const kept: string[] = []
  for (const shard of shards)
    for await (const page of ledger.stream(shard, 0, 1e9)) kept.push(...page.map(({ text }) => text))
  return kept.filter((text) => (JSON.parse(text) as { at: Instant }).at < end).sort()
}

/** What an auditor has: the zips, each unpacked beside it, and keys. */
export async function shelve({ archive }: Pick<Sealed, 'archive'>, days: readonly Day[], where: string) {
  const folder = mkdtempSync(join(where, 'series-'))
  for (const date of days) {
    writeFileSync(join(folder, `countersign-evidence-${date}.zip`), (await archive.read(`bundles/${date}.zip`)) ?? '')
    mkdirSync(join(folder, date))
    writeFolder(join(folder, date), await unzipped(archive, date))
  }
  return {
    series: (key: Uint8Array) => verifySeries(folder, { keys: [key] }),

    /** What both scripts inside a bundle answer. */
    scripts: (date: Day, key: Uint8Array) =>
      Promise.all(scripts.map((script) => runInside(script, pemIn(folder, key), join(folder, date)))),

    /** What our own copy of a script answers, which takes less time. */
    ours: (script: Script, date: Day, key: Uint8Array) => run(script, pemIn(folder, key), join(folder, date)),
  }
}

/** Writes a key, and gives the path. */
function pemIn(folder: string, key: Uint8Array): string {
  const path = join(folder, `${thumbprintOf(key)}.pem`)
  writeFileSync(path, pemOf(key))
  return path
}

async function checkVerified(
  one: Sealed,
  days: readonly Day[],
  where: string,
  scripted: readonly Day[],
): Promise<void> {
  const key = await publicKey(logKey())
  const shelf = await shelve(one, days, where)
  const { bundles, problem } = await shelf.series(key)
  expect({ problem, dates: bundles.map(({ manifest }) => manifest.date) }).toEqual({ dates: days })
  for (const date of scripted) expect(await shelf.scripts(date, key)).toEqual([verified, verified])
}

export const verified: unknown = expect.objectContaining({ status: 0, verified: true, complaint: '' })
export const refused: unknown = expect.objectContaining({ status: 1, verified: false })

/** The public key that signs. */
export async function publicKey(signer: Signer | Promise<Signer>): Promise<Uint8Array> {
  const [key] = await (await signer).keys()
  if (!key) throw new Error('A signer has a key.')
  return spkiOf(key)
}
