export type Environment = Readonly<Record<string, string | undefined>>

/** Leaves out what this program signs in with, for whoever is not to act in its name. */
export function withoutCredentials(environment: Environment): Environment {
  const { COUNTERSIGN_TOKEN: _token, COUNTERSIGN_CLIENT_SECRET: _secret, ...rest } = environment
  return rest
}
