// An agent with nothing but HTTP: asks, waits, redeems, executes once and reports. Settings: npm run local -- env
import { createHash, randomUUID } from 'node:crypto'

const { COUNTERSIGN_URL: api, COUNTERSIGN_TOKEN_URL: tokens, ...env } = process.env
const action = { action: 'service.restart', target: 'web-1', environment: 'staging', params: {} }

const form = { grant_type: 'client_credentials', client_id: env.COUNTERSIGN_CLIENT_ID, scope: env.COUNTERSIGN_SCOPE }
const body = new URLSearchParams({ ...form, client_secret: env.COUNTERSIGN_CLIENT_SECRET })
const { access_token: token } = await (await fetch(tokens, { method: 'POST', body })).json()
const call = async (path, sent, headers = {}) => {
  const init = { method: sent ? 'POST' : 'GET', headers: { authorization: `Bearer ${token}`, ...headers } }
  const answer = await fetch(`${api}/api/requests${path}`, { ...init, ...(sent && { body: JSON.stringify(sent) }) })
  if (!answer.ok) throw new Error(await answer.text())
  return answer.json()
}
/** RFC 8785: members in order, no spaces. JSON.stringify writes everything else as the RFC has it. */
const sorted = (_key, value) =>
  value?.constructor === Object ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value
const document = JSON.stringify({ ...action, type: 'countersign/action/v1' }, sorted)
const digest = `sha256:${createHash('sha256').update(document).digest('hex')}`

let request = await call('', { ...action, reason: 'Picks up the new certificate' }, { 'idempotency-key': randomUUID() })
while (request.next === 'wait') request = await call(`/${request.id}`, null, { prefer: 'wait=25' })
if (request.next !== 'redeem') throw new Error(`${request.status}: ${request.stop?.words}`)
const claim = { grant: request.grant.token, digest, redemption: randomUUID() }
if ((await call(`/${request.id}/redeem`, claim)).next !== 'execute') throw new Error('This is not to be executed.')
console.log('restarted') // the action itself stands here
await call(`/${request.id}/outcome`, { result: 'succeeded', summary: 'The service runs.' })
