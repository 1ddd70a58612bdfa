export type Environment = Readonly<Record<string, string | undefined>>

/** The variables that this program signs in with. */
const credentials: readonly string[] = ['COUNTERSIGN_TOKEN', 'COUNTERSIGN_TOKEN_COMMAND', 'COUNTERSIGN_CLIENT_SECRET']

/** Removes this program's credentials, for a program that must not use them. */
export const withoutCredentials = (environment: Environment): Environment =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !credentials.includes(name)))
