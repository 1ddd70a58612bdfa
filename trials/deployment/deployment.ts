import { createPrivateKey, sign } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agents, apiAppId, tenantId, users } from '../../src/local/accounts.ts'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import { type Identity, startIdentity } from '../../src/local/identity.ts'
import { type Member, startMember } from './member.ts'
import type { Settings } from './order.ts'
import { type PolicyFiles, writePolicy } from './policy.ts'

/** Several processes of the app on one storage, like a deployment with several instances. */
export interface Deployment {
  readonly members: readonly Member[]
  readonly storage: Settings['azurite']
  /** What issues the tokens. */
  readonly identity: Settings['identity']
  /** Gives an access token of a person or agent of the local tenant, or of the nth of the `bots`. */
  readonly token: (who: string) => Promise<string>
  /** Sets all clocks forward. */
  readonly advance: (seconds: number) => Promise<void>
  /** Errors of work whose result was not awaited. */
  readonly failures: readonly string[]
  close(): Promise<void>
}

export interface DeploymentOptions {
  readonly processes: number
  readonly policy: PolicyFiles
  /** Environment variables of the processes, beside those of this one. */
  readonly env?: Readonly<Record<string, string>>
  /** Gives the addresses at which the nth process reaches the storage, if not its own: for what stands in between. */
  readonly way?: (storage: Settings['azurite'], number: number) => Promise<Settings['azurite']>
}

const baseUrl = 'https://countersign.localhost'

export async function startDeployment({ processes, policy, env = {}, way }: DeploymentOptions): Promise<Deployment> {
  const data = await mkdtemp(join(tmpdir(), 'countersign-deployment-'))
  const failures: string[] = []
  const closing: (() => Promise<unknown>)[] = [() => rm(data, { recursive: true, force: true })]
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one()
  }
  try {
    const folder = join(data, 'policy')
    await mkdir(folder)
    await writePolicy(folder, policy)
    const [azurite, identity] = await Promise.all([
      startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null }),
      startIdentity({ port: 0, dataDir: data, failed: (cause) => failures.push(String(cause)) }),
    ])
    closing.push(
      () => azurite.close(),
      () => identity.close(),
    )
    const settings = { data, policy: folder, baseUrl, azurite: addressed(azurite), identity, offset: 0 }
    const members: Member[] = []
    // One after the other, because the first creates tables and keys.
    for (let i = 0; i < processes; i++) {
      const reached = (await way?.(settings.azurite, i)) ?? settings.azurite
      const own = { settings: { ...settings, azurite: reached }, env }
      const member = await startMember({ ...own, failed: (text) => failures.push(text) })
      members.push(member)
      closing.push(member.close)
    }
    const token = await tokens(data, identity)
    const advance = async (seconds: number) => void (await Promise.all(members.map((one) => one.advance(seconds))))
    return { members, storage: settings.azurite, identity, failures, token, advance, close }
  } catch (cause) {
    await close()
    throw cause
  }
}

const addressed = ({ tablesUrl, blobsUrl, account, key }: Azurite) => ({ tablesUrl, blobsUrl, account, key })

/** Gives the object id of the nth of many agents, which is also its application id. */
export const botId = (n: number): string => `b1000000-0000-4000-8000-${String(n).padStart(12, '0')}`

/** Issues tokens for accounts of the identity provider, and for `bot-N` with the provider's key. */
async function tokens(data: string, identity: Identity): Promise<(who: string) => Promise<string>> {
  const jwk = JSON.parse(await readFile(join(data, 'identity-key.json'), 'utf8')) as { kid: string }
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const made = new Map<string, Promise<string>>()
  const make = async (who: string): Promise<string> => {
    const known =
      (agents.some(({ name }) => name === who) && (await identity.tokenFor({ agent: who }))) ||
      (users.some(({ name }) => name === who) && (await identity.tokenFor({ user: who })))
    if (known) return known
    const oid = botId(Number(/^bot-(\d+)$/.exec(who)?.[1]))
    const now = Math.floor(Date.now() / 1000)
    const claims = { aud: apiAppId, iss: identity.issuer, iat: now, nbf: now, exp: now + 3 * 3600, azp: oid }
    const rest = { tid: tenantId, ver: '2.0', idtyp: 'app', oid, sub: oid, roles: ['Actions.Request'] }
    const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: jwk.kid })}.${encode({ ...claims, ...rest })}`
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
  }
  return (who) => {
    const token = made.get(who) ?? make(who)
    made.set(who, token)
    return token
  }
}
