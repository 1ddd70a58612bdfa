/** Stands in for node:worker_threads. The verifier runs in a worker of the page, and starts no other. */
export const isMainThread = true
export const parentPort = null
export const workerData: unknown = null

export function Worker(): never {
  throw new Error('There are no threads of Node in a browser.')
}
