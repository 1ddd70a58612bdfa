import { randomBytes, randomUUID } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { claimed, click, type TeamsDouble, typed } from '../../test/support/teamsDouble.ts'

/** A forged call to the bot: a vote or words, and a false token of Teams. */
export interface Forgery {
  readonly authorization: string
  readonly body: object
}

/**
 * Makes forged calls that differ in everything that could be remembered of them: tenant, key, service URL, conversation
 * and person. Each has a few KiB, so that remembering them shows in memory.
 */
export async function* forgeries(teams: TeamsDouble, count: number): AsyncGenerator<Forgery> {
  for (let i = 0; i < count; i++) {
    const tenant = randomUUID()
    const serviceurl = `https://smba.trafficmanager.net/${tenant}`
    const claims = claimed({ tid: tenant, serviceurl, padding: randomBytes(2000).toString('hex') })
    const vote = { request: '01kjw2xm00abcdefghjkmnpqrs-07', view: `sha256:${randomBytes(32).toString('hex')}` }
    const ours = i % 2 === 0 ? click(randomUUID(), 'approve', vote) : typed(randomUUID(), `help ${tenant}`)
    // Half of them name our tenant and a good service URL, so that only the token is false.
    const theirs = {
      channelData: { tenant: { id: tenant } },
      conversation: { id: `a:${tenant}` },
      serviceUrl: serviceurl,
    }
    const body = { ...ours, id: tenant, ...(i % 4 > 1 && theirs) }
    yield { authorization: `Bearer ${await tokenOf(teams, claims, i)}`, body }
  }
}

/** Makes false tokens in turn: unsigned, with a random signature, with an unknown key, with a foreign signature. */
async function tokenOf(teams: TeamsDouble, claims: object, i: number): Promise<string> {
  const kind = i % 10
  if (kind === 0) return teams.token({ ...claims }, {}, 'stranger')
  const header = kind < 4 ? { alg: 'none' } : { alg: 'RS256', kid: kind < 7 ? 'teams' : `unknown-${i}` }
  const signature = kind < 4 ? 'AAAA' : randomBytes(256).toString('base64url')
  return `${encode({ typ: 'JWT', ...header })}.${encode(claims)}.${signature}`
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

let collect: (() => void) | undefined

/** Gives the bytes in use after garbage collection. */
export function heldBytes(): number {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
