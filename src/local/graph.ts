import type { IncomingMessage, ServerResponse } from 'node:http'
import { agents, entraGroups, type User, users } from './accounts.ts'

/** https://learn.microsoft.com/graph/api/group-list-transitivemembers */
const pages = { default: 100, most: 999 }

/**
 * Answers the two calls of the directory adapter as Microsoft Graph v1.0 does: one user, and the members of a group,
 * which may include agents. Accepts any bearer token.
 */
export function answerGraph(req: IncomingMessage, res: ServerResponse, url: URL): void {
  if (!/^Bearer \S+$/i.test(req.headers.authorization ?? ''))
    return refuse(res, 401, 'InvalidAuthenticationToken', 'Access token is empty.')
  const [, version, kind, oid = '', ...rest] = url.pathname.split('/')
  const wanted = [version, kind, ...rest].join('/')
  if (req.method === 'GET' && wanted === 'v1.0/users') return answerUser(res, url, oid)
  if (req.method === 'GET' && wanted === 'v1.0/groups/transitiveMembers') return answerMembers(res, url, oid)
  refuse(res, 400, 'BadRequest', 'The local Graph does not have this.')
}

function answerUser(res: ServerResponse, url: URL, oid: string): void {
  const user = users.find((each) => each.oid === oid)
  if (user === undefined) return notFound(res, oid)
  send(res, 200, select(user.identityParentId === undefined ? propertiesOf(user) : typed(user), url))
}

function answerMembers(res: ServerResponse, url: URL, oid: string): void {
  const group = entraGroups.find((each) => each.oid === oid)
  if (group === undefined) return notFound(res, oid)
  const top = Number(url.searchParams.get('$top') ?? pages.default)
  if (!(top >= 1 && top <= pages.most)) return refuse(res, 400, 'Request_BadRequest', 'Invalid page size specified.')
  const all = [
    ...agents.map(({ oid: id, name }) => ({
      '@odata.type': '#microsoft.graph.servicePrincipal',
      id,
      displayName: name,
    })),
    ...users.map(typed),
  ]
  const members = all.filter(({ id }) => group.members.includes(id))
  const from = Number(url.searchParams.get('$skiptoken') ?? 0)
  const to = from + top
  const next = new URL(url)
  next.searchParams.set('$skiptoken', String(to))
  send(res, 200, {
    ...(to < members.length ? { '@odata.nextLink': next.href } : {}),
    value: members.slice(from, to).map((member) => select(member, url)),
  })
}

const propertiesOf = ({ oid, name, upn, userType, enabled, identityParentId }: User) => ({
  id: oid,
  displayName: name,
  userPrincipalName: upn,
  userType,
  accountEnabled: enabled,
  identityParentId: identityParentId ?? null,
})

/** Adds the type, which Graph names in lists and for an agent's own account. */
const typed = (user: User) => ({
  '@odata.type': `#microsoft.graph.${user.identityParentId === undefined ? 'user' : 'agentUser'}`,
  ...propertiesOf(user),
})

/**
 * Keeps the properties that were asked for, and the type, as Graph does. Without `$select`, Graph leaves `userType` and
 * `accountEnabled` out.
 */
function select(all: Readonly<Record<string, unknown>>, url: URL): Readonly<Record<string, unknown>> {
  const wanted = (url.searchParams.get('$select') ?? 'id,displayName,userPrincipalName').split(',')
  return Object.fromEntries(
    Object.entries(all).filter(([property]) => property.startsWith('@') || wanted.includes(property)),
  )
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
