import { createServer, type Server } from 'node:net'

/** Only this machine may reach the local stack. */
export const loopback = '127.0.0.1'

export interface WantedPort {
  readonly port: number
  /** What listens there, as in "the API". */
  readonly purpose: string
  /** The environment variable that changes it. */
  readonly setting: string
}

export class PortInUse extends Error {
  constructor({ port, purpose, setting }: WantedPort, why: string, options?: ErrorOptions) {
    super(`Port ${port}, wanted for ${purpose}, ${why}. Set ${setting} to choose another.`, options)
    this.name = 'PortInUse'
  }
}

/**
 * Tries every port before anything is started, so that nothing has to be stopped again.
 *
 * @throws {PortInUse} for the first that cannot be had.
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

/** Listens on loopback; answers the port, which the system chose if 0 was wanted. */
export async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(port, loopback, () => {
      server.off('error', fail)
      done()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('A server listens on something that is no port.')
  return address.port
}
