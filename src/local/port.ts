import { createServer, type Server } from 'node:net'

/** The only address that the local stack listens on, so that only this machine reaches it. */
export const loopback = '127.0.0.1'

export interface WantedPort {
  readonly port: number
  /** The program that listens there, as in "the API". */
  readonly purpose: string
  /** The environment variable that sets the port. */
  readonly setting: string
}

export class PortInUse extends Error {
  constructor({ port, purpose, setting }: WantedPort, why: string, options?: ErrorOptions) {
    super(`Port ${port}, wanted for ${purpose}, ${why}. Set ${setting} to choose another.`, options)
    this.name = 'PortInUse'
  }
}

/**
 * Tries every port before any program is started, so that none has to be stopped again.
 *
 * @throws {PortInUse} for the first port that cannot be used
 */
export async function checkPorts(wanted: readonly WantedPort[]): Promise<void> {
  for (const [index, each] of wanted.entries()) {
    const other = wanted.slice(0, index).find((earlier) => earlier.port === each.port && each.port !== 0)
    if (other !== undefined) throw new PortInUse(each, `is wanted for ${other.purpose} too`)
    const server = createServer()
    try {
      await listen(server, each.port)
    } catch (cause) {
      const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
      throw new PortInUse(each, code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${String(code)})`, { cause })
    }
    await new Promise((done) => server.close(done))
  }
}

/** Listens on loopback. Returns the port, which the system chooses for 0. */
export async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, loopback, () => {
      server.off('error', fail)
      done()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A server does not listen on a port.')
  return address.port
}
