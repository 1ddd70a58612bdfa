import { setFlagsFromString } from 'node:v8'

/**
 * A flag for processes that judge a few actions only. Cedar is WebAssembly: with the flag V8 compiles each of its
 * functions once and quickly, and does not spend one or two seconds of a processor on optimizing them.
 */
export const quickCedar = '--liftoff-only'

// Jest loads this file before each test file, and so before Cedar.
setFlagsFromString(quickCedar)
