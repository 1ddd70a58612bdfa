/** Stands in for node:util, as far as the verifier and its zip library use it. */

type Callback = (cause: Error | null, bytesRead?: number) => void

/** Makes a promise of `fs.read`, the one function that the verifier has promised: Node gives its results these names. */
export const promisify =
  (work: (...args: unknown[]) => void) =>
  (...args: readonly unknown[]): Promise<{ readonly bytesRead: number | undefined }> =>
    new Promise((resolve, reject) => {
      const done: Callback = (cause, bytesRead) => (cause ? reject(cause) : resolve({ bytesRead }))
      work(...args, done)
    })

/** Makes a class of the older form inherit from another. */
export function inherits(heir: { prototype: object }, parent: { readonly prototype: object }): void {
  Object.setPrototypeOf(heir.prototype, parent.prototype)
}
