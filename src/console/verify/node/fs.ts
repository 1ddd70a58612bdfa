/** Stands in for node:fs and node:fs/promises: files are Blobs that were lent under a name, and all lie in one folder. */

const blobs: Blob[] = []
const numbers = new Map<string, number>()

/** Lets the verifier read a Blob as the file of this name. */
export function lend(name: string, blob: Blob): void {
  numbers.set(name, blobs.push(blob) - 1)
}

/** Node has flags here; Blobs can only be read. */
export const constants = { O_RDONLY: 0, O_NONBLOCK: 0 } as const

const statOf = ({ size }: Blob) => ({ size, isFile: () => true })

export function open(name: string) {
  const number = numbers.get(name)
  const blob = number === undefined ? undefined : blobs[number]
  if (number === undefined || blob === undefined) return Promise.reject(refused('ENOENT', 'open'))
  return Promise.resolve({
    fd: number,
    stat: () => Promise.resolve(statOf(blob)),
    close: () => Promise.resolve(),
  })
}

/** The names in the one folder. */
export const readdir = (): Promise<readonly string[]> => Promise.resolve([...numbers.keys()])

export function read(
  fd: number,
  into: Uint8Array,
  offset: number,
  length: number,
  from: number,
  done: (cause: Error | null, bytesRead?: number, bytes?: Uint8Array) => void,
): void {
  const blob = blobs[fd]
  if (!blob) return done(refused('EBADF', 'read'))
  void blob
    .slice(from, from + length)
    .arrayBuffer()
    .then(
      (found) => {
        into.set(new Uint8Array(found), offset)
        return done(null, found.byteLength, into)
      },
      () => done(refused('it was changed or removed after it was chosen', 'read')),
    )
}

export function fstat(fd: number, done: (cause: Error | null, stat?: ReturnType<typeof statOf>) => void): void {
  const blob = blobs[fd]
  if (blob) done(null, statOf(blob))
  else done(refused('EBADF', 'fstat'))
}

/** Blobs need no closing. */
export const close = (_: number, done: (cause: null) => void): void => done(null)

const refused = (code: string, syscall: string): Error => Object.assign(new Error(code), { code, syscall })
