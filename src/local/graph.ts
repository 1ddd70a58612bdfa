import type { IncomingMessage, ServerResponse } from 'node:http'
import { agents, entraGroups, type User, users } from './accounts.ts'

/** https://learn.microsoft.com/graph/api/group-list-transitivemembers */
const pages = { default: 100, most: 999 }

/**
 * Answers what the Directory asks of Microsoft Graph v1.0, in Graph's shapes: one user, and the members of a group, who
 * may be agents too. Any bearer token will do.
 */
export function answerGraph(req: IncomingMessage, res: ServerResponse, url: URL): void {
  if (!/^Bearer \S+$/i.test(req.headers.authorization ?? ''))
    return refuse(res, 401, 'InvalidAuthenticationToken', 'Access token is empty.')
  const [, version, kind, oid = '', ...rest] = url.pathname.split('/')
  const wanted = [version, kind, ...rest].join('/')
  if (req.method === 'GET' && wanted === 'v1.0/users') return answerUser(res, url, oid)
  if (req.method === 'GET' && wanted === 'v1.0/groups/transitiveMembers') return answerMembers(res, url, oid)
  refuse(res, 400, 'BadRequest', 'The local Graph does not know this.')
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

/** With its type, which Graph names in lists, and where it is a special one: of an agent's own account. */
const typed = (user: User) => ({
  '@odata.type': `#microsoft.graph.${user.identityParentId === undefined ? 'user' : 'agentUser'}`,
  ...propertiesOf(user),
})

/**
 * Graph answers only the properties that were asked for, and in a list of several types always the type; without
 * `$select` `userType` and `accountEnabled` are missing.
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
