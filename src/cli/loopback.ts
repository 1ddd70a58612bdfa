import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Exit, exits } from './exit.ts'

/** The end of a sign-in in a browser: a port of this machine, which waits for one answer. */
export interface Loopback {
  /** The redirection address. */
  readonly url: string
  /** Rejects with an {@link Exit} if the answer says no, or none comes in five minutes. */
  readonly accepted: Promise<URLSearchParams>
  readonly end: () => void
}

interface LoopbackParts {
  /** Gives the parameters of an answer that is ours, and `null` for another. @throws {Exit} if ours says no */
  readonly accept: (url: URL) => URLSearchParams | null
  readonly ignored: () => void
}

const minutes = 5

/**
 * Listens on a free port of the loopback address (RFC 8252 section 7.3). What is not the answer that is waited for
 * changes nothing: any program and web page can reach this port, and must not end the sign-in.
 */
export async function startLoopback({ accept, ignored }: LoopbackParts): Promise<Loopback> {
  const server = createServer()
  await new Promise<void>((ready, failed) => server.once('error', failed).listen(0, '127.0.0.1', ready))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `http://${host}/signed-in`
  let timer: NodeJS.Timeout | undefined
  const accepted = new Promise<URLSearchParams>((done, failed) => {
    timer = setTimeout(
      () => failed(new Exit(exits.ended, `Nobody signed in within ${minutes} minutes.`)),
      minutes * 60_000,
    )
    server.on('request', (req, res) => {
      const target = targetOf(req, host)
      if (target?.pathname !== '/signed-in') return answer(res, 404, 'There is nothing here.')
      try {
        const parameters = accept(target)
        if (parameters !== null)
          return answer(res, 200, 'You are signed in. Go back to your terminal; this page can be closed.', () =>
            done(parameters),
          )
        ignored()
        answer(res, 400, 'This does not belong to the sign-in that is waited for.')
      } catch (cause) {
        const words = 'You are not signed in. Your terminal says why; this page can be closed.'
        answer(res, 200, words, () => failed(cause))
      }
    })
  })
  // it is awaited later, when the browser is open
  accepted.catch(() => undefined)
  return {
    url,
    accepted,
    end() {
      clearTimeout(timer)
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Only what was meant for this address: a page whose name was rebound to this machine says another host. */
function targetOf({ method, url = '', headers }: IncomingMessage, host: string): URL | null {
  const isOurs =
    method === 'GET' && headers.host === host && url.startsWith('/') && URL.canParse(`http://${host}${url}`)
  return isOurs ? new URL(`http://${host}${url}`) : null
}

function answer(res: ServerResponse, status: number, words: string, sent?: () => void): void {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    connection: 'close',
  }
  // also when the browser has left meanwhile
  if (sent) res.once('close', sent)
  res.writeHead(status, headers).end(`${words}\n`)
}
