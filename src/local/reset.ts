import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { callStack, runningStack } from './control.ts'
import { isRunning, lockData } from './lock.ts'

/** What the stack writes into its data folder. Other files there are not the stack's, and stay. */
const ours =
  /^(?:storage|storage-key\.txt|playground|(?:grant|log)-key(?:\.public)?\.pem|ledger-key\.txt|identity-key\.json|clock\.json|log\.jsonl|stack\.json|lock)(?:\.new)?$/

/**
 * Stops the stack that runs on this folder, if one does, and deletes everything that the stack has written there.
 *
 * @returns the names of what was deleted; none if no stack ever ran there
 * @throws {Error} if a stack runs there and does not stop
 */
export async function resetData(folder: string): Promise<readonly string[]> {
  const stack = await runningStack(folder)
  if (stack !== null && isRunning(stack.pid)) {
    await callStack(folder, 'stop')
    while (isRunning(stack.pid)) await pass(100)
  }
  const found = await namesIn(folder)
  if (found.length === 0) return []
  // The lock keeps a stack out that starts meanwhile.
  const lock = await lockData(folder)
  const others = found.filter((name) => name !== 'lock')
  await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true })))
  await lock.close()
  return others
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => ours.test(name)).sort()
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw cause
  }
}
