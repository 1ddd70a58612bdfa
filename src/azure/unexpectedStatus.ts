/** An answer over HTTP other than success. Its code names the status in the log: a 403 tells of a missing role. */
export class UnexpectedStatus extends Error {
  readonly code: string

  /** @param service as in "The vault" */
  constructor(service: string, status: number) {
    super(`${service} answered ${status}.`)
    this.name = 'UnexpectedStatus'
    this.code = `Status${status}`
  }
}
