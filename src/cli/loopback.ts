import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Exit, exits } from './exit.ts'

/** A port of this machine at which a sign-in in a browser ends. */
export interface Loopback {
  /** The redirection address. */
  readonly url: string
  /** Rejects with an {@link Exit} if the answer says no, or if none comes within five minutes. */
  readonly accepted: Promise<URLSearchParams>
  readonly end: () => void
}

interface LoopbackParts {
  /** Gives the parameters of the answer to this sign-in; `null` for any other. @throws {Exit} if the answer says no */
  readonly accept: (url: URL) => URLSearchParams | null
  readonly ignored: () => void
}

const minutes = 5

/**
 * Listens on a free port of the loopback address (RFC 8252 section 7.3). Any program and web page can reach this port,
 * so only the answer to this sign-in ends the wait.
 */
export async function startLoopback({ accept, ignored }: LoopbackParts): Promise<Loopback> {
  const server = createServer()
  await new Promise<void>((ready, failed) => server.once('error', failed).listen(0, '127.0.0.1', ready))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const url = `http://${host}/signed-in`
  let timer: NodeJS.Timeout | undefined
  const accepted = new Promise<URLSearchParams>((done, failed) => {
    timer = setTimeout(
      () => failed(new Exit(exits.ended, `The sign-in was not finished within ${minutes} minutes.`)),
      minutes * 60_000,
    )
    server.on('request', (req, res) => {
      const target = targetOf(req, host)
      if (target?.pathname !== '/signed-in') return answer(res, 404, 'There is nothing here.')
      try {
        const parameters = accept(target)
        if (parameters !== null)
          return answer(res, 200, 'You are signed in. Go back to your terminal; you can close this page.', () =>
            done(parameters),
          )
        ignored()
        answer(res, 400, 'This answer does not belong to the current sign-in.')
      } catch (cause) {
        const words = 'You are not signed in. Your terminal says why; you can close this page.'
        answer(res, 200, words, () => failed(cause))
      }
    })
  })
  // Avoids an unhandled rejection: callers await it after they have opened the browser.
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

/** Gives requests for this very address: a page whose name was rebound to this machine sends another host. */
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
  // `close` also comes if the browser has left meanwhile.
  if (sent) res.once('close', sent)
  res.writeHead(status, headers).end(`${words}\n`)
}
