import { randomBytes, randomUUID } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { claimed, click, type TeamsDouble, typed } from '../../test/support/teamsDouble.ts'

/** What a stranger sends the bot: a vote or words, and what is to pass for a token of Teams. */
export interface Forgery {
  readonly authorization: string
  readonly body: object
}

/**
 * Forged calls, each unlike all others in whatever could be remembered of it: tenant, key, service URL, conversation,
 * person. Some KiB each, so that what keeps them is seen.
 */
export async function* forgeries(teams: TeamsDouble, count: number): AsyncGenerator<Forgery> {
  for (let i = 0; i < count; i++) {
    const tenant = randomUUID()
    const serviceurl = `https://smba.trafficmanager.net/${tenant}`
    const claims = claimed({ tid: tenant, serviceurl, padding: randomBytes(2000).toString('hex') })
    const vote = { request: '01kjw2xm00abcdefghjkmnpqrs-07', view: `sha256:${randomBytes(32).toString('hex')}` }
    const ours = i % 2 === 0 ? click(randomUUID(), 'approve', vote) : typed(randomUUID(), `help ${tenant}`)
    // half of them name our tenant and a good service URL, so that the token alone is at fault
    const theirs = {
      channelData: { tenant: { id: tenant } },
      conversation: { id: `a:${tenant}` },
      serviceUrl: serviceurl,
    }
    const body = { ...ours, id: tenant, ...(i % 4 > 1 && theirs) }
    yield { authorization: `Bearer ${await tokenOf(teams, claims, i)}`, body }
  }
}

/** In turn: unsigned, with a signature of nothing, with an unknown key, with a stranger's signature. */
async function tokenOf(teams: TeamsDouble, claims: object, i: number): Promise<string> {
  const kind = i % 10
  if (kind === 0) return teams.token({ ...claims }, {}, 'stranger')
  const header = kind < 4 ? { alg: 'none' } : { alg: 'RS256', kid: kind < 7 ? 'teams' : `unknown-${i}` }
  const signature = kind < 4 ? 'AAAA' : randomBytes(256).toString('base64url')
  return `${encode({ typ: 'JWT', ...header })}.${encode(claims)}.${signature}`
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

let collect: (() => void) | undefined

/** Bytes that are still held once all garbage is collected. */
export function heldBytes(): number {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
