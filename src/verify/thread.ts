import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Examination, type Examined, examination, type Subjects } from './examination.ts'
import { Unreadable } from './finding.ts'
import type { Lines } from './lines.ts'

type Message = Lines | 'end'
type Answer = 'done' | Examined

/** Messages that may be on their way to the thread at once: each has some hundred KiB of lines. */
const ahead = 6

/** Far above what a day needs. With a limit V8 collects garbage earlier: a million events stay below 300 MB. */
const resourceLimits = { maxOldGenerationSizeMb: 1024 }

/** Distinguishes an examining thread from other threads of the same program. */
const purpose = 'countersign/examination'

/**
 * Examines records in another thread, while this thread hashes and checks the next records.
 *
 * @param file a script that calls {@link serveExamination}
 */
export function examinationIn(file: string, subjects: Subjects): Examination & { close(): Promise<void> } {
  const worker = new Worker(file, { workerData: { purpose, subjects }, resourceLimits })
  const state = { underWay: 0, examined: null as Examined | null, fault: null as Error | null }
  let wake = () => {}
  /** Resolves at the next message, error or exit of the thread. */
  const news = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  const failed = (cause: Error) => {
    // An error loses its class on the way from the thread.
    state.fault ??= cause.name === 'Unreadable' ? new Unreadable(cause.message, { cause }) : cause
    wake()
  }
  worker.on('error', failed)
  worker.on('exit', () => failed(new Error('The examining thread ended.')))
  worker.on('message', (answer: Answer) => {
    if (answer === 'done') state.underWay -= 1
    else state.examined = answer
    wake()
  })
  const send = (message: Message, buffers: readonly ArrayBuffer[] = []) => worker.postMessage(message, [...buffers])

  return {
    async take(lines) {
      while (state.underWay >= ahead && !state.fault) await news()
      if (state.fault) throw state.fault
      state.underWay += 1
      send(lines, [lines.bytes, lines.ends].map(bufferOf))
    },
    async end() {
      send('end')
      while (!state.examined && !state.fault) await news()
      if (!state.examined) throw state.fault ?? new Error('The examining thread said nothing.')
      return state.examined
    },
    async close() {
      await worker.terminate()
    },
  }
}

/** Whether this is an examining thread. A program that is its own thread script must ask this before all else. */
export function isExaminationThread(): boolean {
  const data: unknown = workerData
  return !isMainThread && typeof data === 'object' && data !== null && 'purpose' in data && data.purpose === purpose
}

/** Examines the records that the starting thread sends, and sends it the answers. */
export function serveExamination(): void {
  const { subjects } = workerData as { readonly subjects: Subjects }
  const here = examination(subjects)
  let last: Promise<void> = Promise.resolve()
  const handle = async (message: Message): Promise<void> => {
    if (message === 'end') return answer(await here.end())
    await here.take(message)
    answer('done')
  }
  const answer = (answer: Answer) => parentPort?.postMessage(answer, [])
  parentPort?.on('message', (message: Message) => {
    last = last.then(() => handle(message))
  })
}

const bufferOf = ({ buffer }: Uint8Array | Uint32Array): ArrayBuffer => buffer as ArrayBuffer
