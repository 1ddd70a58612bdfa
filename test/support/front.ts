import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'

/** Where calls go: Azurite's address of one service, and its account. */
export interface Behind {
  readonly url: string
  readonly account: string
  readonly key: string
}

/**
 * Hands a call on to Azurite: with a signature of its account in place of the token, which it could not check. The calls
 * inside a transaction name whole addresses, which become Azurite's.
 */
export function forward(req: IncomingMessage, res: ServerResponse, { url, account, key }: Behind): void {
  const { authorization: _token, host = '', 'content-length': length, ...headers } = req.headers
  const path = req.url ?? '/'
  const target = `${url}${path}${path.includes('?') ? '&' : '?'}${signature(account, key)}`
  const send = (sized: string | undefined) =>
    request(
      target,
      { method: req.method, headers: { ...headers, ...(sized !== undefined && { 'content-length': sized }) } },
      (incoming) => {
        res.writeHead(incoming.statusCode ?? 502, incoming.headers)
        incoming.pipe(res)
      },
    ).on('error', () => res.destroy())
  if (!path.startsWith('/$batch')) return void req.pipe(send(length))
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    const body = Buffer.from(Buffer.concat(chunks).toString('utf8').replaceAll(`https://${host}/`, `${url}/`))
    send(String(body.length)).end(body)
  })
}

const signature = (account: string, key: string): string =>
  generateAccountSASQueryParameters(
    {
      expiresOn: new Date(Date.now() + 3_600_000),
      permissions: AccountSASPermissions.parse('rwdlacup'),
      resourceTypes: AccountSASResourceTypes.parse('sco').toString(),
      services: AccountSASServices.parse('bt').toString(),
    },
    new StorageSharedKeyCredential(account, key),
  ).toString()
