import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Examination, type Examiner, RecordExaminer, type Subjects } from './examination.ts'
import { Unreadable } from './finding.ts'
import type { HashedLines } from './lines.ts'
import type { LoadVersion } from './policyJudge.ts'

type Message = HashedLines | { readonly isWhole: boolean }
type Answer = 'done' | Examination

/** Messages that may be on their way to the thread at once: each has some hundred KiB of lines. */
const ahead = 6

/**
 * Far above what a day needs. With limits V8 collects garbage earlier: a million events stay below 300 MB. Nearly all
 * that the thread makes is garbage at once, so that a larger young generation would only hold more of it.
 */
const resourceLimits = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 24 }

/** Distinguishes an examining thread from other threads of the same program. */
const purpose = 'countersign/examination'

/** Examines records in another thread, while this thread inflates and hashes the next records. */
export class ThreadedExaminer implements Examiner {
  readonly #worker: Worker
  #underWay = 0
  #examination: Examination | null = null
  #fault: Error | null = null
  #wake = (): void => {}

  /** @param file a script that calls {@link serveExamination} */
  constructor(file: string, subjects: Subjects) {
    this.#worker = new Worker(file, { workerData: { purpose, subjects }, resourceLimits })
    this.#worker.on('error', (cause: Error) => this.#failed(cause))
    this.#worker.on('exit', () => this.#failed(new Error('The examining thread ended.')))
    this.#worker.on('message', (answer: Answer) => this.#answered(answer))
  }

  async take(lines: HashedLines): Promise<void> {
    while (this.#underWay >= ahead && !this.#fault) await this.#news()
    if (this.#fault) throw this.#fault
    this.#underWay += 1
    this.#send(lines, [lines.bytes, lines.ends, lines.hashes].map(bufferOf))
  }

  async end(isWhole: boolean): Promise<Examination> {
    this.#send({ isWhole })
    while (!this.#examination && !this.#fault) await this.#news()
    if (!this.#examination) throw this.#fault ?? new Error('The examining thread said nothing.')
    return this.#examination
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #send(message: Message, buffers: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, [...buffers])
  }

  /** Resolves at the next message, error or exit of the thread. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #answered(answer: Answer): void {
    if (answer === 'done') this.#underWay -= 1
    else this.#examination = answer
    this.#wake()
  }

  #failed(cause: Error): void {
    // An error loses its class on the way from the thread.
    this.#fault ??= cause.name === 'Unreadable' ? new Unreadable(cause.message, { cause }) : cause
    this.#wake()
  }
}

/** Whether this is an examining thread. A program that is its own thread script must ask this before all else. */
export function isExaminationThread(): boolean {
  const data: unknown = workerData
  return !isMainThread && typeof data === 'object' && data !== null && 'purpose' in data && data.purpose === purpose
}

/**
 * Examines the records that the starting thread sends, and sends it the answers.
 *
 * @param load loads policies with Cedar, if it is at hand
 */
export function serveExamination(load?: LoadVersion): void {
  const { subjects } = workerData as { readonly subjects: Subjects }
  const here = new RecordExaminer(subjects, load)
  let last: Promise<void> = Promise.resolve()
  const handle = async (message: Message): Promise<void> => {
    if ('isWhole' in message) return answer(await here.end(message.isWhole))
    await here.take(message)
    answer('done')
  }
  const answer = (answer: Answer) => parentPort?.postMessage(answer, [])
  parentPort?.on('message', (message: Message) => {
    last = last.then(() => handle(message))
  })
}

const bufferOf = ({ buffer }: Uint8Array | Uint32Array): ArrayBuffer => buffer as ArrayBuffer
