import { join } from 'node:path'
import type { JsonObject } from '../core/data/json.ts'
import type { BundleVerdict } from '../verify/bundle.ts'
import { checkCosigned, type CosignedBy, type WitnessDemand } from '../verify/cosigned.ts'
import { findingOf, Unreadable } from '../verify/finding.ts'
import type { SeriesVerdict } from '../verify/series.ts'
import type { VerdictLine } from './verdict.ts'

/** A bundle, with who cosigned its checkpoint; absent if nobody had to. */
export type CosignedBundle = BundleVerdict & { readonly cosigned?: readonly CosignedBy[] }

/** A series, with who cosigned each bundle's checkpoint; absent if nobody had to. */
export type CosignedSeries = SeriesVerdict & { readonly cosigned?: readonly (readonly CosignedBy[])[] }

/**
 * Demands that witnesses cosigned the checkpoint of a bundle, if it holds.
 *
 * @param path of the bundle
 * @throws {Unreadable} if a file of cosignatures cannot be read
 */
export async function withCosigned(
  verdict: BundleVerdict,
  path: string,
  demand: WitnessDemand | null,
): Promise<CosignedBundle> {
  const { manifest, problem } = verdict
  if (demand === null || problem || !manifest) return verdict
  try {
    return { ...verdict, cosigned: await checkCosigned(path, manifest, demand) }
  } catch (cause) {
    if (cause instanceof Unreadable) throw cause
    return { ...verdict, problem: findingOf(cause) }
  }
}

/** As {@link withCosigned}, of all bundles of a series that holds. */
export async function withAllCosigned(
  verdict: SeriesVerdict,
  folder: string,
  demand: WitnessDemand | null,
): Promise<CosignedSeries> {
  if (demand === null || verdict.problem) return verdict
  const cosigned: (readonly CosignedBy[])[] = []
  for (const { file, manifest } of verdict.bundles)
    try {
      cosigned.push(await checkCosigned(join(folder, file), manifest, demand))
    } catch (cause) {
      if (cause instanceof Unreadable) throw cause
      return { ...verdict, problem: { ...findingOf(cause), file } }
    }
  return { ...verdict, cosigned }
}

/** Says who cosigned, and when: of several days, the first and the last time. */
export function describeCosigned(days: readonly (readonly CosignedBy[])[]): readonly VerdictLine[] {
  const times = new Map<string, string[]>()
  for (const { witness, at } of days.flat()) times.set(witness, [...(times.get(witness) ?? []), at])
  return [...times].map(([witness, all]) => [
    'cosigned',
    all.length === 1 ? `by ${witness} at ${all[0]}` : `by ${witness}, each day, from ${all[0]} to ${all.at(-1)}`,
  ])
}

/** Who cosigned one day, for programs. */
export const cosignedRecord = (cosigned: readonly CosignedBy[]): readonly JsonObject[] =>
  cosigned.map((one) => ({ ...one }))
