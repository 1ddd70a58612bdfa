import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { type Agent, agents } from './accounts.ts'

/** The audience that Entra wants in the token of another issuer, which a client sends in place of a secret. */
const audience = 'api://AzureADTokenExchange'

/** Where a job asks for its token, as in GitHub Actions. */
const workloadPath = '/local/workload/token'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Seconds. */
const lifetime = 300

/** An issuer of workload tokens, which the local tenant trusts: each agent's application has one federated credential. */
export interface Workloads {
  /** Gives a job its token, if it proves with an agent's secret which agent's job it is. Says whether it answered. */
  answer(req: IncomingMessage, res: ServerResponse, url: URL): Promise<boolean>
  /** Finds the agent whose federated credential an assertion fits; `null` if none does. */
  agentOf(form: URLSearchParams): Promise<Agent | null>
}

/** The subject of an agent's jobs, in the form that GitHub gives to a job with an environment. */
const subjectOf = ({ name }: Agent): string => `repo:contoso/${name}:environment:production`

export async function workloadIssuer(origin: string): Promise<Workloads> {
  const issuer = `${origin}/local/workload`
  const { privateKey, publicKey } = await generateKeyPair('RS256')

  return {
    async answer(req, res, url) {
      if (url.pathname !== workloadPath) return false
      const agent = agents.find(({ secret }) => req.headers.authorization === `Bearer ${secret}`)
      if (agent === undefined) {
        res.writeHead(401).end()
        return true
      }
      const value = await new SignJWT({})
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(issuer)
        .setSubject(subjectOf(agent))
        .setAudience(url.searchParams.get('audience') ?? issuer)
        .setIssuedAt()
        .setExpirationTime(`${lifetime}s`)
        .sign(privateKey)
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ value }))
      return true
    },
    async agentOf(form) {
      const agent = agents.find(({ appId }) => appId === form.get('client_id'))
      if (agent === undefined || form.get('client_assertion_type') !== assertionType) return null
      try {
        const expected = { issuer, audience, subject: subjectOf(agent), algorithms: ['RS256'] }
        await jwtVerify(form.get('client_assertion') ?? '', publicKey, expected)
        return agent
      } catch {
        return null
      }
    },
  }
}

/** The most bytes of a form. The provider has a similar limit. */
const mostBytes = 56 * 1024

/** Reads a form, and gives the same request to be read again by the provider. `null` if it is too long. */
export async function formIn(req: IncomingMessage): Promise<readonly [URLSearchParams, IncomingMessage] | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) return null
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const again = Readable.from([body])
  const unread = new Proxy(req, {
    get(target, name) {
      if (name === 'readable') return true
      if (name === 'iterator') return () => again.iterator()
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  return [new URLSearchParams(body.toString('utf8')), unread]
}
