import { controlsOf } from '../../core/policy/controls.ts'
import type { Manifest } from '../../core/log/manifest.ts'
import { requestCellsIn } from '../../core/record/tables.ts'
import { withDay } from '../../verify/day.ts'
import type { KnownOfDay } from '../account.ts'
import { NamesOfPeriod } from './names.ts'
import { PoliciesOfPeriod } from './policies.ts'

/** Reads from a bundle that was verified what its policies tell: the names of agents, and the controls of rules. */
export async function knownOfDay(path: string, manifest: Manifest): Promise<KnownOfDay> {
  const names = new NamesOfPeriod()
  const policies = new PoliciesOfPeriod(names)
  const versions = new Set<string>()
  await withDay(path, async (day) => {
    let isHeader = true
    for await (const line of day.requests()) {
      if (!isHeader) versions.add(requestCellsIn(line).policy)
      isHeader = false
    }
  })
  await policies.learn({ path, date: manifest.date, manifest }, versions)
  return {
    full: (id) => names.full(id),
    controlsOf: ({ version, rules }) => controlsOf(policies.controls(version), rules),
  }
}
