// An agent with two tools behind approval.
//
//     npm start                                 # in another terminal: the local stack
//     npm start --prefix examples/agent-node    # prints the name of its run; with that name, it goes on after a crash
//
// The calls stand for those of a model. The policy allows the restart; a person has to approve the export.
import { randomUUID } from 'node:crypto'
import { Countersign, explain, isFailure, keyOf } from '@countersign/client'

const local = {
  COUNTERSIGN_URL: 'http://127.0.0.1:7071',
  COUNTERSIGN_TOKEN_URL: 'http://127.0.0.1:9400/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token',
  COUNTERSIGN_SCOPE: '22222222-2222-4222-8222-222222222222/.default',
  COUNTERSIGN_CLIENT_ID: 'a0000000-0000-4000-8000-000000000001',
  COUNTERSIGN_CLIENT_SECRET: 'local-deploy-bot-secret',
}

const calls = [
  { id: 'call-1', tool: 'restart_service', args: { service: 'web-1' } },
  { id: 'call-2', tool: 'export_rows', args: { rows: 1200, destination: 's3://finance-exports' } },
]

const countersign = Countersign.fromEnvironment('COUNTERSIGN_URL' in process.env ? process.env : local)
const runId = process.argv[2] ?? randomUUID()
const key = (callId) => keyOf('agent-node', runId, callId)

const restartService = (callId, { service }) =>
  countersign.gate(
    { action: 'service.restart', target: service, environment: 'staging', params: {} },
    { reason: 'Picks up the new certificate', key: key(callId) },
    (action) => `restarted ${action.target}`,
  )

const exportRows = (callId, { rows, destination }) =>
  countersign.gate(
    {
      action: 'db.export',
      target: 'prod/postgres/customers',
      environment: 'production',
      params: { rows, destination },
    },
    { reason: 'Quarterly churn report', key: key(callId), onProgress: waiting },
    ({ params }) => `exported ${params.rows} rows to ${params.destination}`,
  )

function waiting({ id, status, approvals }) {
  const groups = approvals.required.map((slot) => slot.groups.join(' or ')).join(' and ')
  if (status === 'pending') console.log(`waiting for ${groups}: request ${id}`)
}

const tools = { restart_service: restartService, export_rows: exportRows }

/** Calls a tool, and returns what the model reads as its answer. */
async function answer({ id, tool, args }) {
  try {
    return await tools[tool](id, args)
  } catch (failure) {
    if (!isFailure(failure)) throw failure
    return explain(failure)
  }
}

console.log(`run ${runId}`)
for (const call of calls) console.log(`${call.id}: ${await answer(call)}`)
