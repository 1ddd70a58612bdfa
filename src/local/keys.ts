import { join } from 'node:path'

/** Where the stack keeps its private keys: for grants, and for the log. */
export const grantKeyIn = (data: string): string => join(data, 'grant-key.pem')

export const logKeyIn = (data: string): string => join(data, 'log-key.pem')

/** Where the stack keeps the secret that authenticates the rows of its ledger. */
export const ledgerKeyIn = (data: string): string => join(data, 'ledger-key.txt')

/** The public key beside a private one. */
export const publicKeyOf = (path: string): string => `${path.replace(/\.pem$/, '')}.public.pem`
