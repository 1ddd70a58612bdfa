import type { IncomingMessage, ServerResponse } from 'node:http'
import { entraGroups, type User, users } from './accounts.ts'

const defaultPage = 100

/**
 * Answers what the Directory asks of Microsoft Graph v1.0, in Graph's shapes: one user, and the users of a group.
 * Any bearer token will do.
 */
export function answerGraph(req: IncomingMessage, res: ServerResponse, url: URL): void {
  if (!/^Bearer \S+$/i.test(req.headers.authorization ?? ''))
    return refuse(res, 401, 'InvalidAuthenticationToken', 'Access token is empty.')
  const [, version, kind, oid = '', ...rest] = url.pathname.split('/')
  const wanted = [version, kind, ...rest].join('/')
  if (req.method === 'GET' && wanted === 'v1.0/users') return answerUser(res, url, oid)
  if (req.method === 'GET' && wanted === 'v1.0/groups/transitiveMembers/microsoft.graph.user')
    return answerMembers(res, url, oid)
  refuse(res, 400, 'BadRequest', 'The local Graph does not know this.')
}

function answerUser(res: ServerResponse, url: URL, oid: string): void {
  const user = users.find((each) => each.oid === oid)
  if (user === undefined) return notFound(res, oid)
  send(res, 200, select(user, url))
}

function answerMembers(res: ServerResponse, url: URL, oid: string): void {
  const group = entraGroups.find((each) => each.oid === oid)
  if (group === undefined) return notFound(res, oid)
  const members = users.filter((user) => group.members.includes(user.oid))
  const from = Number(url.searchParams.get('$skiptoken') ?? 0)
  const to = from + Number(url.searchParams.get('$top') ?? defaultPage)
  const next = new URL(url)
  next.searchParams.set('$skiptoken', String(to))
  send(res, 200, {
    ...(to < members.length ? { '@odata.nextLink': next.href } : {}),
    value: members.slice(from, to).map((user) => select(user, url)),
  })
}

/** Graph answers only the properties that were asked for; without `$select` `userType` and `accountEnabled` are missing. */
function select(user: User, url: URL): Record<string, unknown> {
  const { oid, name, upn, userType, enabled } = user
  const known = { id: oid, displayName: name, userPrincipalName: upn, userType, accountEnabled: enabled }
  const wanted = (url.searchParams.get('$select') ?? 'id,displayName,userPrincipalName').split(',')
  return Object.fromEntries(Object.entries(known).filter(([property]) => wanted.includes(property)))
}

function notFound(res: ServerResponse, oid: string): void {
  refuse(res, 404, 'Request_ResourceNotFound', `Resource '${oid}' does not exist.`)
}

function refuse(res: ServerResponse, status: number, code: string, message: string): void {
  send(res, status, { error: { code, message } })
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
