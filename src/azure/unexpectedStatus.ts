/**
 * An answer over HTTP other than success. Its code names the status in the log, since a 403 points to a missing role.
 */
export class UnexpectedStatus extends Error {
  readonly code: string

  /** @param service as in "The vault" */
  constructor(service: string, status: number) {
    super(`${service} answered ${status}.`)
    this.name = 'UnexpectedStatus'
    this.code = `Status${status}`
  }
}
