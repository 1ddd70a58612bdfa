// An approval service of five calls, as one would write it by hand: Express, bearer tokens, a database of three tables.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import express from 'express'
import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose'

const { database, folder, issuer, jwksUri, audience, approvers } = JSON.parse(process.argv[2])
const { open } = await import(`./${database}.mjs`)
const { query, transaction } = await open(folder)

const tables = [
  `create table requests (
     id text primary key, agent text not null, status text not null, action text not null, digest text not null,
     approver text, redemption text, result text, expires text not null)`,
  `create table keys (
     agent text, key text, request text not null, digest text not null, primary key (agent, key))`,
  `create table events (
     id text primary key, request text not null, kind text not null, actor text not null, at text not null)`,
  'create index events_by_request on events (request)',
]
for (const table of tables) await query(table)

class Refusal extends Error {
  constructor(status, code) {
    super(code)
    this.status = status
  }
}

const keys = createRemoteJWKSet(new URL(jwksUri))
const grantKey = randomBytes(32)
const seconds = { request: 3600, grant: 600 }

/** Verifies the token of each call. */
async function authenticate(req, _res, next) {
  const [, token = ''] = /^Bearer (.+)$/.exec(req.get('authorization') ?? '') ?? []
  const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] }).catch(() => {
    throw new Refusal(401, 'invalid-token')
  })
  const { oid, idtyp, roles = [] } = payload
  req.caller = { id: oid, isAgent: idtyp === 'app' && roles.includes('Actions.Request') }
  next()
}

const isText = (value) => typeof value === 'string' && value !== '' && value.length <= 4_000

/** What an agent wants to do, with its members in one order. */
function actionOf({ action, target, environment, params = {}, reason } = {}) {
  if (![action, target, environment, reason].every(isText)) throw new Refusal(400, 'invalid-input')
  return JSON.stringify({ action, target, environment, params, reason })
}

const record = (query, request, kind, actor) =>
  query('insert into events (id, request, kind, actor, at) values ($1, $2, $3, $4, $5)', [
    ...[randomUUID(), request, kind, actor, new Date().toISOString()],
  ])

async function find(query, id) {
  const [request] = await query('select * from requests where id = $1', [id])
  if (!request) throw new Refusal(404, 'not-found')
  return request
}

const bodyOf = ({ id, status, digest, approver, result, expires }) => ({
  id,
  status,
  digest,
  approver,
  result,
  expires,
})

async function ask({ caller, body, headers }) {
  if (!caller.isAgent) throw new Refusal(403, 'not-permitted')
  const key = headers['idempotency-key']
  if (!isText(key)) throw new Refusal(400, 'invalid-input')
  const action = actionOf(body)
  const digest = createHash('sha256').update(action).digest('hex')
  return transaction(async (query) => {
    const id = randomUUID()
    const fresh = await query(
      'insert into keys (agent, key, request, digest) values ($1, $2, $3, $4) on conflict do nothing returning request',
      [caller.id, key, id, digest],
    )
    if (fresh.length === 0) {
      const [known] = await query('select * from keys where agent = $1 and key = $2', [caller.id, key])
      if (known.digest !== digest) throw new Refusal(409, 'key-reused')
      return find(query, known.request)
    }
    const [request] = await query(
      `insert into requests (id, agent, status, action, digest, expires)
       values ($1, $2, 'pending', $3, $4, $5) returning *`,
      [id, caller.id, action, digest, new Date(Date.now() + seconds.request * 1000).toISOString()],
    )
    await record(query, id, 'requested', caller.id)
    return request
  })
}

async function decide({ caller, body, params: { id } }) {
  const { verdict, digest } = body ?? {}
  if (!approvers.includes(caller.id)) throw new Refusal(403, 'not-permitted')
  if (verdict !== 'approve' && verdict !== 'deny') throw new Refusal(400, 'invalid-input')
  const status = verdict === 'approve' ? 'approved' : 'denied'
  return transaction(async (query) => {
    const [request] = await query(
      `update requests set status = $1, approver = $2
       where id = $3 and status = 'pending' and digest = $4 and expires > $5 and agent <> $2 returning *`,
      [status, caller.id, id, digest, new Date().toISOString()],
    )
    if (!request) throw new Refusal(409, `not-pending: ${(await find(query, id)).status}`)
    await record(query, id, status, caller.id)
    return request
  })
}

async function read({ caller, params: { id } }) {
  const request = await find(query, id)
  if (request.agent !== caller.id || request.status !== 'approved') return request
  const signed = new SignJWT({ digest: request.digest }).setProtectedHeader({ alg: 'HS256' }).setSubject(id)
  return { ...request, grant: await signed.setExpirationTime(`${seconds.grant}s`).sign(grantKey) }
}

async function redeem({ caller, body, params: { id } }) {
  const { grant, digest, redemption } = body ?? {}
  const { payload } = await jwtVerify(String(grant), grantKey, { subject: id, algorithms: ['HS256'] }).catch(() => {
    throw new Refusal(403, 'invalid-grant')
  })
  if (payload.digest !== digest || !isText(redemption)) throw new Refusal(400, 'invalid-input')
  return transaction(async (query) => {
    const [request] = await query(
      `update requests set status = 'redeemed', redemption = $1
       where id = $2 and agent = $3 and status = 'approved' returning *`,
      [redemption, id, caller.id],
    )
    if (request) await record(query, id, 'redeemed', caller.id)
    const found = request ?? (await find(query, id))
    if (found.redemption !== redemption) throw new Refusal(409, 'already-redeemed')
    return found
  })
}

async function report({ caller, body, params: { id } }) {
  const { result } = body ?? {}
  if (result !== 'succeeded' && result !== 'failed') throw new Refusal(400, 'invalid-input')
  return transaction(async (query) => {
    const [request] = await query(
      `update requests set status = $1, result = $1 where id = $2 and agent = $3 and status = 'redeemed' returning *`,
      [result, id, caller.id],
    )
    if (!request) throw new Refusal(409, `not-redeemed: ${(await find(query, id)).status}`)
    await record(query, id, result, caller.id)
    return request
  })
}

const answering = (handle, status) => async (req, res) => {
  const request = await handle(req)
  const grant = request.grant === undefined ? {} : { grant: { token: request.grant } }
  res.status(status).json({ ...bodyOf(request), ...grant })
}

const app = express()
app.disable('x-powered-by')
// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes what it throws
app.use(authenticate, express.json({ limit: '64kb' }))
app.post('/api/requests', answering(ask, 201))
app.post('/api/requests/:id/decisions', answering(decide, 200))
app.get('/api/requests/:id', answering(read, 200))
app.post('/api/requests/:id/redeem', answering(redeem, 200))
app.post('/api/requests/:id/outcome', answering(report, 200))
app.use((cause, _req, res, _next) => {
  const isRefusal = cause instanceof Refusal
  if (!isRefusal) process.stderr.write(`${cause.stack}\n`)
  res.status(isRefusal ? cause.status : 500).json({ code: isRefusal ? cause.message : 'fault' })
})

process.once('disconnect', () => process.exit(0))
const server = app.listen(0, '127.0.0.1', () => process.send({ origin: `http://127.0.0.1:${server.address().port}` }))
