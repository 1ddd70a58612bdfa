import type { JsonObject } from '../../core/data/json.ts'
import type { PeriodDay } from '../../verify/period.ts'

/** What a program is told of a day of a period. */
export function dayRecord(day: PeriodDay): JsonObject {
  const { date, state } = day
  if (state === 'missing') return { date, state }
  if (state !== 'holds') return { date, state, file: day.file, problem: day.words }
  const { number, counts, log } = day.manifest
  const texts = day.saidProblem ? { saidProblem: day.saidProblem.words } : { said: day.said !== undefined }
  return {
    date,
    state,
    file: day.file,
    number,
    records: counts.records,
    size: log.to.size,
    continues: day.continues,
    ...texts,
  }
}
