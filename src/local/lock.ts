import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The data folder, held by one stack at a time: two on the same files would lose what each acknowledged. */
export interface DataLock {
  close(): Promise<void>
}

/** @throws {Error} that says who holds it, and what to do. */
export async function lockData(folder: string): Promise<DataLock> {
  const file = join(folder, 'lock')
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return { close: () => rm(file, { force: true }) }
    } catch (cause) {
      if (!(typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EEXIST')) throw cause
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''))
    if (isRunning(holder))
      throw new Error(
        `A stack already runs on ${folder} (process ${holder}). Stop it, or set COUNTERSIGN_DATA to another folder; ` +
          `if there is none, delete ${file}.`,
      )
    await rm(file, { force: true })
  }
}

/** A process that ended without giving the lock back does not hold it. */
function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EPERM'
  }
}
