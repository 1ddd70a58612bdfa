import { randomUUID } from 'node:crypto'
import { teamsDoor } from '../../src/teams/inbound/door.ts'
import { served } from '../../test/http/served.ts'
import { click, typed } from '../../test/support/teamsDouble.ts'
import { anApproved, asks, claims } from '../../test/support/world.ts'
import { coded, type Parser } from './parser.ts'

/** Parsers of the API's bodies: through boundary, schema and use case, with fakes at the ports. */
export async function ofRequests(): Promise<readonly Parser[]> {
  const here = await served()
  const pending = await here.approvals.ask(asks())
  const approved = await anApproved(here)
  const { caller: _, mayRedeemForOthers: __, ...redemption } = await claims(here, approved, randomUUID())
  const {
    id,
    digest,
    agent: { id: asker },
  } = pending.request
  const links = [{ title: 'FIN-881', url: 'https://a.example/x?y=1' }]
  const params = { rows: 12, list: [1, 'two', { deep: true }] }
  const action = { action: 'db.export', target: 'prod/x', environment: 'production', params }
  const bodies = {
    ask: ['agent', { ...action, reason: 'Because.', links, expiresIn: 600 }],
    decide: ['approver', { verdict: 'deny', reason: 'No.', digest, confirm: 'x' }],
    redeem: ['agent', redemption],
    report: ['agent', { result: 'failed', summary: 'Exit 1', output: { sha256: '0'.repeat(64), size: 1 } }],
    cancel: ['agent', { reason: 'So.' }],
    revoke: ['approver', { reason: 'So.' }],
    erasures: ['Evidence.Erase', { request: id, names: ['reason'], why: 'So.' }],
    hold: ['Evidence.Hold', { scope: { from: '2026-01-01', to: '2026-03-31' }, why: 'So.' }],
    repairs: ['Evidence.Erase', { shard: '07', why: 'So.', requests: [id] }],
  } as const
  const read = (name: keyof typeof bodies, who: string) => async (body: Buffer) => {
    const params = ['ask', 'erasures', 'hold', 'repairs'].includes(name)
      ? {}
      : { id: name === 'redeem' ? approved.id : id }
    const { status, json } = await here.call(name, who, { params, body })
    if (status >= 500 && json?.code === undefined) throw new Error(`${status} with no code`)
    return status < 300 ? 'taken' : String(json.code)
  }
  const list: Parser = {
    name: 'query of list',
    samples: ['status=pending&limit=5&target=a', `agent=${asker}`, 'status=pending&cursor=AAAA'].map((one) =>
      Buffer.from(one),
    ),
    async read(bytes) {
      const query = `?${new URLSearchParams(bytes.toString('utf8')).toString()}`
      const { status, json } = await here.call('list', 'Evidence.Read', { query })
      return status < 300 ? 'taken' : String(json.code)
    },
  }
  return [
    ...Object.entries(bodies).map(([name, [who, body]]) => ({
      ...{ name: `body of ${name}`, json: true, samples: [Buffer.from(JSON.stringify(body))] },
      read: read(name as keyof typeof bodies, who),
    })),
    list,
  ]
}

export function ofTeams(): readonly Parser[] {
  const vote = { request: '01kjw2xm00abcdefghjkmnpqrs-07', view: `sha256:${'0'.repeat(64)}`, reason: 'x', confirm: 'y' }
  const mention = { type: 'mention', mentioned: { id: '28:bot' }, text: '<at>Countersign</at>' }
  const joined = { type: 'conversationUpdate', membersAdded: [{ id: '28:bot' }], recipient: { id: '28:bot' } }
  const samples = [
    ...['review', 'approve', 'deny', 'revoke'].map((verb) => click('dba-1', verb, vote)),
    { ...typed('dba-1', '<at>Countersign</at> show x'), entities: [mention], recipient: { id: '28:bot' } },
    { ...typed('dba-1', ''), ...joined },
  ]
  // The gate lets every call in, because it has a parser of its own here.
  const door = teamsDoor({ gate: async () => undefined, bot: async () => ({ kind: 'none' }) })
  return [
    {
      ...{ name: 'activity', json: true, samples: samples.map((one) => Buffer.from(JSON.stringify(one))) },
      read: async (bytes) => coded(async () => (await (await door('Bearer x', bytes)).answer).code ?? 'taken'),
    },
  ]
}
