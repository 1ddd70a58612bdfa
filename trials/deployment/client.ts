import { Agent, request } from 'node:http'
import type { Deployment } from './deployment.ts'
import type { Member } from './member.ts'

interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- trials reach into answers and fail where these differ
  readonly body: any
}

/**
 * Calls the processes of a deployment over connections that are kept open. With `again`, repeats a call whose
 * connection was closed at that moment; this is for calls that may arrive twice.
 */
export interface Client {
  /** Sends and receives JSON. Rejects if no answer comes. */
  readonly call: (member: number, who: string, path: string, body?: object, headers?: Headers) => Promise<Answer>
  readonly close: () => void
}

type Headers = Readonly<Record<string, string>>

/** What is called: processes, by their addresses, with the tokens that they take. */
interface Called extends Pick<Deployment, 'token'> {
  readonly members: readonly Pick<Member, 'origin'>[]
}

export function client({ members, token }: Called, { again = false } = {}): Client {
  // A server closes a connection that was idle for 5 seconds. This client stops using it well before.
  const agent = new Agent({ keepAlive: true, timeout: 2_000 })
  return {
    async call(member, who, path, body, headers = {}) {
      const origin = members[member]?.origin ?? ''
      const authorization = `Bearer ${await token(who)}`
      const answer = (retry: boolean): Promise<Answer> =>
        new Promise((done, fail) => {
          const method = body === undefined ? 'GET' : 'POST'
          const type = body === undefined ? {} : { 'content-type': 'application/json' }
          const sent = request(
            origin + path,
            { agent, method, headers: { ...type, ...headers, authorization } },
            (res) => {
              const chunks: Buffer[] = []
              res.on('data', (chunk: Buffer) => chunks.push(chunk))
              res.once('error', fail)
              res.once('end', () => {
                const text = Buffer.concat(chunks).toString()
                const isJson = (res.headers['content-type'] ?? '').includes('json') && !text.includes('\n{')
                done({ status: res.statusCode ?? 0, body: isJson && text !== '' ? JSON.parse(text) : text })
              })
            },
          )
          sent.once('error', (cause) => (retry && sent.reusedSocket ? done(answer(false)) : fail(cause)))
          sent.end(body === undefined ? undefined : JSON.stringify(body))
        })
      return answer(again)
    },
    close: () => agent.destroy(),
  }
}
