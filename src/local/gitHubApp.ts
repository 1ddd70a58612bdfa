import { milliseconds } from '../core/data/instant.ts'
import type { GitHub } from '../app.ts'
import { gitHubApi } from '../github/api.ts'
import type { GitHubSettings } from '../github/settings.ts'
import type { Clock } from '../ports/clock.ts'
import { localRsaKey } from './rsaKey.ts'

/** The GitHub App of a local stack, for a double of GitHub: GitHub itself cannot reach one. */
export interface LocalGitHub {
  readonly settings: Omit<GitHubSettings, 'key'>
  /** PEM, PKCS 8. */
  readonly privateKey: string
  /** Where the double is, in place of the API that the settings name. */
  readonly url: string
}

/** Composes the app with a key in memory, and with the stack's clock. */
export const localGitHub = ({ settings, privateKey, url }: LocalGitHub, clock: Clock): GitHub => ({
  settings,
  api: gitHubApi({ ...settings, api: url, key: localRsaKey(privateKey), now: () => milliseconds(clock.now()) }),
})
