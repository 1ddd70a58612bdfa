import type { Patience } from '../client/http.ts'
import { type TokenSource, tokenSource as agentTokens } from '../client/token.ts'
import { Exit, exits } from './exit.ts'
import type { SettingsCredentials } from './settings.ts'

/** Takes a person's token from the keyring, and an agent's as the client gets it. */
export function tokenSource(credentials: SettingsCredentials, patience: Patience): TokenSource {
  if (credentials.kind !== 'keyring') return agentTokens(credentials, patience)
  return (renew) => (renew ? signInAgain() : signedIn(credentials))
}

async function signedIn({ keyring, service }: SettingsCredentials & { kind: 'keyring' }): Promise<string> {
  const kept = await keyring?.read(service)
  if (!kept) {
    const how = keyring ? 'countersign login' : 'countersign login -- COMMAND, as there is no keyring here'
    throw new Exit(exits.usage, `You are not signed in to ${service}: ${how}; or give COUNTERSIGN_TOKEN.`)
  }
  // Clocks differ a little, so within one minute after the expiry the service decides.
  if (kept.expiresAt * 1000 < Date.now() - 60_000) return signInAgain()
  return kept.token
}

async function signInAgain(): Promise<never> {
  throw new Exit(exits.usage, 'Your sign-in has expired, or is for another service. Sign in again: countersign login.')
}
