import { csvLine } from '../../core/data/csv.ts'
import { byteOrderMark } from '../csvText.ts'
import { OutFile } from '../outFile.ts'
import { requestColumnNames, requestCsvLine } from './columns.ts'
import { controlLine, controlsHeader } from './controlTable.ts'
import type { ReportOutput } from './output.ts'
import type { Zone } from './zone.ts'

/** Writes the requests as CSV. */
export function csvOutput(path: string, zone: Zone): ReportOutput {
  const file = new OutFile(path)
  let isBegun = false
  const begin = async (): Promise<void> => {
    if (!isBegun) await file.write(byteOrderMark + csvLine(requestColumnNames))
    isBegun = true
  }
  return {
    async take(account) {
      await begin()
      await file.write(requestCsvLine(account, zone))
    },
    async end() {
      await begin()
      await file.complete()
      return [path]
    },
    discard: () => file.discard(),
  }
}

/** Writes the controls as CSV. */
export function controlsOutput(path: string): ReportOutput {
  const file = new OutFile(path)
  return {
    take: async () => undefined,
    async end({ controls }) {
      await file.write(byteOrderMark + controlsHeader + controls.rows().map(controlLine).join(''))
      await file.complete()
      return [path]
    },
    discard: () => file.discard(),
  }
}
