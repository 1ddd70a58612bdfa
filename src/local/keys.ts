import { join } from 'node:path'

/** The file of the private key for grants. */
export const grantKeyIn = (data: string): string => join(data, 'grant-key.pem')

/** The file of the private key for the log. */
export const logKeyIn = (data: string): string => join(data, 'log-key.pem')

/** The file of the secret that authenticates the rows of the ledger. */
export const ledgerKeyIn = (data: string): string => join(data, 'ledger-key.txt')

/** The file of the public key, beside that of the private one. */
export const publicKeyOf = (path: string): string => `${path.replace(/\.pem$/, '')}.public.pem`
