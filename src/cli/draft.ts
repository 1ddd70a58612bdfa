import { rmSync } from 'node:fs'

/** Files that are being written, and are not complete. */
const drafts = new Set<string>()

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Lets a file be removed if a signal ends this program before {@link endDraft}. */
export function beginDraft(file: string): void {
  if (drafts.size === 0) for (const signal of signals) process.on(signal, removeAll)
  drafts.add(file)
}

/** Says that a file is complete, or is removed. */
export function endDraft(file: string): void {
  if (drafts.delete(file) && drafts.size === 0) for (const signal of signals) process.off(signal, removeAll)
}

/** Removes what is not complete, and lets the signal have its usual effect. */
function removeAll(signal: NodeJS.Signals): void {
  for (const file of drafts) rmSync(file, { force: true })
  for (const one of signals) process.off(one, removeAll)
  process.kill(process.pid, signal)
}
