import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { tenantId, users } from '../../src/local/accounts.ts'
import { botAppId } from '../../src/local/bot.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import { type Answer as Given, startDouble } from './double.ts'
import type { Answer, Stack } from './stack.ts'

/** The key that Teams signs with, and keys that do not count: for another channel, for none, or not published. */
type KeyName = 'teams' | 'webchat' | 'bare' | 'stranger'

export type Claims = Readonly<Record<string, unknown>>

/** A double of the part of Teams that proves its identity: a server with keys, and tokens that they sign. */
export interface TeamsDouble {
  readonly keysUrl: string
  /** The answer of the key server in place of the keys. */
  trouble: Given | null
  /** The public key, as it is published. */
  jwk(name: KeyName): JWK
  /** Makes a valid token, with other claims, header or key if given. */
  token(claims?: Claims, header?: Claims, key?: KeyName): Promise<string>
  close(): Promise<void>
}

export const channel = '19:approvals@thread.tacv2'
export const serviceUrl = 'https://smba.trafficmanager.net/emea'

export async function startTeams(): Promise<TeamsDouble> {
  const keys = {
    teams: await keyPair('teams', ['webchat', 'msteams']),
    webchat: await keyPair('webchat', ['webchat']),
    bare: await keyPair('bare'),
    stranger: await keyPair('teams', ['msteams']),
  }
  const published = [keys.teams.jwk, keys.webchat.jwk, keys.bare.jwk]
  const server = await startDouble(() => teams.trouble ?? { status: 200, body: { keys: published } })
  const teams: TeamsDouble = {
    keysUrl: `${server.origin}/keys`,
    trouble: null,
    jwk: (name) => keys[name].jwk,
    token: (claims = {}, header = {}, key = 'teams') =>
      new SignJWT(claimed(claims))
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: keys[key].jwk.kid ?? '', ...header })
        .sign(keys[key].privateKey),
    close: () => server.close(),
  }
  return teams
}

/** Makes the claims of a valid token, with other claims if given. */
export const claimed = (claims: Claims = {}): Claims => ({
  ...{ iss: 'https://api.botframework.com', aud: botAppId, serviceurl: serviceUrl },
  ...{ nbf: seconds(-10), exp: seconds(3600) },
  ...claims,
})

export const seconds = (fromNow: number): number => Math.floor(Date.now() / 1000) + fromNow

/** Makes the activity of a text that a person sends to the bot in their own chat. */
export const activity = (who: string, more: object): object => ({
  ...{ id: `f:${Math.random()}`, channelId: 'msteams', serviceUrl, locale: 'en-US' },
  from: { id: `29:${who}`, name: who, aadObjectId: oidOf(who) },
  recipient: { id: `28:${botAppId}`, name: 'Countersign' },
  conversation: { id: `a:${who}`, conversationType: 'personal', tenantId },
  channelData: { tenant: { id: tenantId } },
  ...more,
})

/** Makes the activity of a click on a button: of this card in its channel, or of a card in the person's chat. */
export function click(who: string, verb: string, data: object, card?: PostedCard): object {
  const value = { action: { type: 'Action.Execute', title: verb, verb, data }, trigger: 'manual' }
  return activity(who, { type: 'invoke', name: 'adaptiveCard/action', value, ...(card && placeOf(card)) })
}

const placeOf = ({ conversation: id, activity }: PostedCard) => {
  const team = { id: id.split(';')[0] }
  return {
    replyToId: activity,
    conversation: { id, conversationType: 'channel', isGroup: true, tenantId },
    channelData: { tenant: { id: tenantId }, channel: team, team },
  }
}

export const typed = (who: string, text: string): object =>
  activity(who, { type: 'message', textFormat: 'plain', text })

/** Finds the object id of a name. Any other text is taken as an object id. */
export const oidOf = (who: string): string => users.find(({ name }) => name === who)?.oid ?? who

/** Calls the stack's bot as Teams does. */
export function botOf(stack: Stack, teams: TeamsDouble) {
  const send = async (body: unknown): Promise<Answer> =>
    stack.call(null, '/api/messages', body, { authorization: `Bearer ${await teams.token()}` })
  return {
    send,
    say: (who: string, text: string): Promise<Answer> => send(typed(who, text)),
    /** The answer to the invoke. The HTTP status is always 200. */
    async click(who: string, verb: string, data: object, card?: PostedCard): Promise<Answer['body']> {
      const { status, body } = await send(click(who, verb, data, card))
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
      return body
    },
  }
}

async function keyPair(kid: string, endorsements?: readonly string[]): Promise<{ privateKey: CryptoKey; jwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  // The Bot Connector publishes its keys without `alg`.
  return {
    privateKey,
    jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', ...(endorsements && { endorsements }) },
  }
}
