import type { JsonObject } from '../core/data/json.ts'
import { isObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { type Gate, gate } from '../teams/inbound/gate.ts'
import { clouds } from '../runtime/cloud.ts'
import { tenantId } from './accounts.ts'

/** The app id of the local bot. */
export const botAppId = '44444444-4444-4444-8444-444444444444'

/** The address of Teams for the local bot, and the gate for calls from there. */
export interface LocalTeams {
  readonly serviceUrl: string
  readonly gate: Gate
}

/** Connects to the local Teams client, or to the one that the environment names. */
export function localTeams(env: NodeJS.ProcessEnv, playground: string | null): LocalTeams | null {
  const serviceUrl = env['COUNTERSIGN_CONNECTOR'] || playground
  if (!serviceUrl) return null
  const jwksUri = env['COUNTERSIGN_BOT_KEYS']
  return { serviceUrl, gate: jwksUri ? gate({ botAppId, tenantId, jwksUri, bots: clouds.public.bots }) : openGate }
}

/**
 * Lets in every caller on loopback that speaks as the Playground does, which sends no token. The host keeps out all web
 * pages but the Playground's.
 */
const openGate: Gate = async (_authorization, activity) => {
  if (activity['channelId'] !== 'msteams' || tenantOf(activity) !== tenantId)
    throw new Problem('unauthenticated', 'This is for the local Teams client.')
}

function tenantOf({ channelData, conversation }: JsonObject): unknown {
  const tenant = isObject(channelData) ? channelData['tenant'] : undefined
  return isObject(tenant) ? tenant['id'] : isObject(conversation) ? conversation['tenantId'] : undefined
}
