import { openapi } from '../contract/openapi.ts'
import type { ConsoleSettings } from '../contract/serviceAnswers.ts'
import type { serviceOperations } from '../contract/serviceOperations.ts'
import { Problem } from '../core/data/problem.ts'
import type { Health } from '../health.ts'
import type { Signer } from '../ports/signer.ts'
import type { Handlers, OperationReply } from './handler.ts'

export interface WellKnownParts {
  readonly health: Health
  readonly signer: Pick<Signer, 'keys'>
  readonly baseUrl: string
  /** Absent without a console. */
  readonly console?: ConsoleSettings
}

type Operations = typeof serviceOperations

/** Handles what the service says of itself, to anyone. */
export function wellKnownHandlers(parts: WellKnownParts): Handlers<keyof Operations> {
  // Made at the first call for it, so that no start waits for it.
  let document: ReturnType<typeof openapi> | undefined
  return {
    health: ({ caller }) => health(parts, caller !== null),
    openapi: async () => ({ answer: (document ??= openapi(parts.baseUrl)) }),
    keys: () => keys(parts),
    consoleSettings: async () => ({ answer: consoleOf(parts) }),
  }
}

/** Anyone may ask for health, with whatever token; the counts are for those who may read evidence. */
async function health({ health }: WellKnownParts, isCounted: boolean): Promise<OperationReply<Operations['health']>> {
  const answer = await health(isCounted)
  return { answer, status: answer.status === 'ok' ? 200 : 503 }
}

/** @throws {Problem} `not-found` where there is no console */
function consoleOf({ console }: WellKnownParts): ConsoleSettings {
  if (console) return console
  throw noConsole()
}

export const noConsole = (): Problem =>
  new Problem('not-found', 'This deployment has no console: the setting COUNTERSIGN_CONSOLE_APP_ID is missing.')

async function keys({ signer }: WellKnownParts): Promise<OperationReply<Operations['keys']>> {
  const keys = (await signer.keys()).map((key) => ({ ...key, use: 'sig', alg: 'ES256' }))
  const headers = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' }
  return { response: { body: JSON.stringify({ keys }), headers } }
}
