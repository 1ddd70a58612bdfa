/** Stands in for node:path. All files lie in one folder, which has no name. */
export const join = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('/')

/** The folder of a file. */
export const dirname = (_path: string): string => ''
