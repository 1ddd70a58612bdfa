import { type JWTVerifyResult, jwtVerify } from 'jose'
import * as z from 'zod'
import { isObjectId } from '../../core/data/id.ts'
import type { JsonObject } from '../../core/data/json.ts'
import { Problem, type TokenFault } from '../../core/data/problem.ts'
import type { Cloud } from '../../runtime/cloud.ts'
import { checkBearer, type KeySource, type PublishedKey, remoteKeys } from '../../runtime/token.ts'
import { VerifiedTokens } from '../../runtime/verifiedTokens.ts'

/**
 * Lets an activity in if Teams sent it, from our tenant, to our bot.
 *
 * @throws {Problem} `unauthenticated` for any fault of the token or of the origin that the activity names,
 *   `unavailable` if the keys cannot be fetched
 */
export type Gate = (authorization: string | null, activity: JsonObject) => Promise<void>

export interface GateSettings extends KeySource {
  readonly botAppId: string
  readonly tenantId: string
  /** The issuer of Teams' tokens, and the hosts that an activity may come from. */
  readonly bots: Pick<Cloud['bots'], 'issuer' | 'hosts'>
}

const channel = 'msteams'

/** Whether this is an address of one of the hosts. Compared as text, so that no two parsers disagree. */
export function isServiceUrl(text: string, hosts: readonly string[]): boolean {
  const [, host = ''] = /^https:\/\/([a-z0-9.-]+)(?:\/[A-Za-z0-9/_-]*)?$/.exec(text) ?? []
  return hosts.includes(host)
}

/**
 * Makes the gate from
 * https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication, with all that it
 * leaves to the bot made strict.
 *
 * @throws {Error} without the bot's or the tenant's id: a gate without them would let every bot and tenant in.
 */
export function gate(settings: GateSettings): Gate {
  const { botAppId, tenantId, bots } = settings
  if (!isObjectId(botAppId)) throw new Error('The gate needs the app id of the bot: a GUID.')
  if (!isObjectId(tenantId)) throw new Error('The gate needs the id of the tenant: a GUID.')
  const keys = remoteKeys(settings, endorsed)
  const origin = originOf(tenantId.toLowerCase(), bots.hosts)
  const claims = claimsFor(botAppId.toLowerCase(), bots.issuer)
  const tokens = new VerifiedTokens<z.infer<typeof claims>>(keys)
  const options = { algorithms: ['RS256'], clockTolerance: 300, requiredClaims: ['exp', 'nbf'] }
  const read = ({ payload }: JWTVerifyResult) => claims.parse(payload)

  return (authorization, activity) =>
    checkBearer(authorization, refused, async (token) => {
      // Cheap before expensive: an activity that fails here causes no request for keys.
      const { serviceUrl } = origin.parse(activity)
      const { serviceurl } = await tokens.value(token, () => jwtVerify(token, keys.find, options), read)
      if (unslashed(serviceurl) !== unslashed(serviceUrl)) throw refused('serviceurl', 'foreign')
    })
}

/** One sentence for every fault, so that a forger learns nothing from it. The claim and the cause are for the log. */
function refused(claim: string, _fault: TokenFault, cause?: unknown): Problem {
  return new Problem('unauthenticated', 'Only Microsoft Teams may call this, from our tenant and for our bot.', {
    claim,
    cause,
  })
}

/** One server publishes the keys of all channels; each key names those that it may speak for. */
const endorsed = ({ endorsements }: PublishedKey): boolean =>
  Array.isArray(endorsements) && endorsements.includes(channel)

function claimsFor(botAppId: string, issuer: string) {
  return z.object({
    iss: z.literal(issuer),
    // the bot's own token for the connector is signed by others and has another audience: reflected, it is refused
    aud: z.literal(botAppId),
    serviceurl: z.string(),
  })
}

/** Where an activity says it comes from. Our tenant wherever a tenant is named, and it is named. */
function originOf(tenantId: string, hosts: readonly string[]) {
  const ours = z.string().refine((id) => id.toLowerCase() === tenantId)
  const account = z.object({ tenantId: ours.optional() })
  return z
    .object({
      channelId: z.literal(channel),
      serviceUrl: z.string().refine((url) => isServiceUrl(url, hosts)),
      channelData: z.object({ tenant: z.object({ id: ours }).optional() }).optional(),
      conversation: account.optional(),
      from: account.optional(),
    })
    .refine(({ channelData, conversation }) => channelData?.tenant ?? conversation?.tenantId, {
      path: ['channelData', 'tenant', 'id'],
    })
}

const unslashed = (url: string): string => url.replace(/\/$/, '')
