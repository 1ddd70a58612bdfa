import { failureIn } from '../answers.ts'
import { CallFailure, type ServiceCalls } from '../api.ts'
import type { ListedBundle } from './period.ts'
import { words } from './words.ts'

/** A file of the service, and the name that it is kept by. */
export interface WantedFile {
  readonly path: string
  readonly name: string
}

export const bundleOf = ({ date }: ListedBundle): WantedFile => ({
  path: `/api/evidence/bundles/${date}`,
  name: `countersign-evidence-${date}.zip`,
})

export const saidOf = ({ date }: ListedBundle): WantedFile => ({
  path: `/api/evidence/said/${date}`,
  name: `said-${date}.jsonl`,
})

export const newestCheckpoint: WantedFile = { path: '/api/evidence/checkpoint', name: 'checkpoint.txt' }

interface Told {
  readonly signal: AbortSignal
  /** Is told which file is fetched: its place from 1, of how many. */
  readonly tell: (name: string, place: number, of: number) => void
}

/**
 * Fetches files, one after the other. After a failure those that came are kept, so that another try asks for the rest
 * alone; once all came, none is.
 */
export class Fetcher {
  readonly #api: ServiceCalls
  readonly #kept = new Map<string, Blob>()

  constructor(api: ServiceCalls) {
    this.#api = api
  }

  /** @throws {CallFailure} that names the file */
  async all(wanted: readonly WantedFile[], { signal, tell }: Told): Promise<readonly File[]> {
    const files: File[] = []
    for (const [i, one] of wanted.entries()) {
      tell(one.name, i + 1, wanted.length)
      const blob = this.#kept.get(one.path) ?? (await this.#fetch(one, signal))
      this.#kept.set(one.path, blob)
      files.push(new File([blob], one.name))
    }
    this.#kept.clear()
    return files
  }

  async #fetch({ path, name }: WantedFile, signal: AbortSignal): Promise<Blob> {
    try {
      return await this.#api.file(path, signal)
    } catch (cause) {
      if (signal.aborted) throw cause
      const { code, message } = failureIn(cause)
      throw new CallFailure(code, words.job.failedFile(name, message))
    }
  }
}
