export type Environment = Readonly<Record<string, string | undefined>>

/** Leaves out this program's credentials, so that a program which it starts cannot act in its name. */
export function withoutCredentials(environment: Environment): Environment {
  const { COUNTERSIGN_TOKEN: _token, COUNTERSIGN_CLIENT_SECRET: _secret, ...rest } = environment
  return rest
}
