/** Bytes that are not exactly one deflated stream. The message goes on after a name: `is damaged: …`. */
export class Uninflatable extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(what, options)
    this.name = 'Uninflatable'
  }
}
