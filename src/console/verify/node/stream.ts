/** Stands in for node:stream. The zip library names these classes as it is loaded; the verifier reads members itself. */
function NoStream(): never {
  throw new Error('There are no streams of Node in a browser.')
}

export { NoStream as PassThrough, NoStream as Readable, NoStream as Transform, NoStream as Writable }
