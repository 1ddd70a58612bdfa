/** Globals of Node that the verifier and its zip library use. The build puts them in. */
export { Buffer } from './buffer.ts'

export const setImmediate = (work: () => void): void => queueMicrotask(work)
