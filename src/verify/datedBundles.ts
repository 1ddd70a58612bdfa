import { join } from 'node:path'
import { type Day, parseDay } from '../core/data/day.ts'
import { Problem } from '../core/data/problem.ts'
import { type NumberedBundle, numberOf } from './bundleFolder.ts'
import { findingOf, Unreadable } from './finding.ts'

/** A file whose day cannot be told, with what is wrong. */
export interface StrayBundle {
  readonly file: string
  readonly words: string
}

/** Bundles by their days, each of the day that it claims, or that its name has if it claims none. */
interface DatedBundles {
  readonly found: readonly NumberedBundle[]
  readonly strays: readonly StrayBundle[]
}

/** Finds the day of each bundle of a folder, before any is verified. */
export async function datedIn(folder: string, files: readonly string[]): Promise<DatedBundles> {
  const found: NumberedBundle[] = []
  const strays: StrayBundle[] = []
  for (const file of files) {
    const named = dayNamed(file)
    try {
      const claimed = await numberOf(join(folder, file))
      const date = claimed.number === null ? named : claimed.date
      if (date === null) strays.push({ file, words: 'Its form is of a later version, so that its day cannot be told.' })
      else found.push({ file, number: claimed.number, date })
    } catch (cause) {
      if (named === null) strays.push({ file, words: wordsOf(cause) })
      // What is wrong with it is found again when it is verified.
      else found.push({ file, number: null, date: named })
    }
  }
  return { found: found.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0)), strays }
}

function dayNamed(file: string): Day | null {
  const [, text] = /^countersign-evidence-(\d{4}-\d\d-\d\d)\b.*\.zip$/.exec(file) ?? []
  try {
    return text === undefined ? null : parseDay(text)
  } catch (cause) {
    if (cause instanceof Problem) return null
    throw cause
  }
}

const wordsOf = (cause: unknown): string => (cause instanceof Unreadable ? cause.message : findingOf(cause).words)
