import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type Examination, type Examined, examination, type Subjects } from './examination.ts'
import { Unreadable } from './finding.ts'
import type { Lines } from './lines.ts'

type Message = Lines | 'end'
type Answer = 'done' | Examined

/** Lines that may be under way to the thread: some hundred KiB each. */
const ahead = 6

/** Far above what a day needs. V8 collects earlier the less it may have: this keeps a million events below 300 MB. */
const resourceLimits = { maxOldGenerationSizeMb: 1024 }

/** Names what the thread is for, among other threads of the same program. */
const purpose = 'countersign/examination'

/**
 * Examines in a thread of its own, while the next records are hashed and checked here.
 *
 * @param file a script that calls {@link serveExamination}
 */
export function examinationIn(file: string, subjects: Subjects): Examination & { close(): Promise<void> } {
  const worker = new Worker(file, { workerData: { purpose, subjects }, resourceLimits })
  const state = { underWay: 0, examined: null as Examined | null, fault: null as Error | null }
  let wake = () => {}
  /** Resolves when the thread was heard of. */
  const news = () =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  const failed = (cause: Error) => {
    // What comes from the thread is no longer of its class.
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

/** Whether this is such a thread: a program that is its own script asks before it does anything else. */
export function isExaminationThread(): boolean {
  const data: unknown = workerData
  return !isMainThread && typeof data === 'object' && data !== null && 'purpose' in data && data.purpose === purpose
}

/** Examines what comes from the thread that started this one. */
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
