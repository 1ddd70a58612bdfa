import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Keeps a data folder to one stack. Two stacks on the same files would lose writes that they acknowledged. */
export interface DataLock {
  close(): Promise<void>
}

/** @throws {Error} naming the process that holds the folder, and what to do */
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

/** Whether the process runs. One that ended without removing its lock no longer holds it. */
export function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'EPERM'
  }
}
