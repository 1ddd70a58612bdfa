import { requestCellsIn } from '../../core/record/tables.ts'
import { byteOrderMark } from '../csvText.ts'
import { controlLine, controlsHeader, ControlTable } from '../period/controlTable.ts'
import { isOfPeriod } from '../period/collect.ts'
import { NamesOfPeriod } from '../period/names.ts'
import { PoliciesOfPeriod } from '../period/policies.ts'
import { readDay } from '../period/readDay.ts'
import type { VerifiedDay } from './examinedDay.ts'

/** Writes `controls.csv` of a day: what a period of this day alone has. */
export async function* controlsOfDay({ path, opened }: VerifiedDay): AsyncGenerator<string> {
  const { manifest } = opened
  const { date } = manifest
  const versions = new Set<string>()
  let isHeader = true
  for await (const line of opened.requests()) {
    if (!isHeader) versions.add(requestCellsIn(line).policy)
    isHeader = false
  }
  const policies = new PoliciesOfPeriod(new NamesOfPeriod())
  await policies.learn({ path, date, manifest }, versions)
  const table = new ControlTable(policies)
  await readDay(
    { path, date },
    {
      request(facts) {
        if (isOfPeriod(facts, date)) table.take(facts)
      },
      event: () => undefined,
      exception: () => undefined,
    },
  )
  yield byteOrderMark + controlsHeader + table.rows().map(controlLine).join('')
}
