import { type Client, client } from '../deployment/client.ts'
import { botId, startDeployment } from '../deployment/deployment.ts'
import { program, say, whole } from '../program.ts'
import { type Desk, flood } from './flood.ts'

const help = `Attacks the limits on asking, from many agents with many idempotency keys, at several processes of the app on one
storage. Fails if more requests are taken than an agent may have pending or ask for in an hour, or than a channel may
have; and if fewer are taken after all requests are closed, because slots were lost.

  --asks N       asks of each attack (400)
  --clients N    asks at once (24)
  --processes N  processes of the app (3)
`

const limits = { pending: 5, hourly: 30 }

interface Wanted {
  readonly asks: string
  readonly clients: string
  readonly processes: string
}

async function run(values: Wanted): Promise<void> {
  const [asks, clients] = [whole(values.asks, '--asks', 1), whole(values.clients, '--clients', 1)]
  const processes = whole(values.processes, '--processes', 1)
  const bots = Array.from({ length: 100 }, (_, i) => botId(i))
  const channels = { dba: ['19:approvals@thread.tacv2'], security: ['19:approvals@thread.tacv2'] }
  const deployment = await startDeployment({ processes, policy: { bots, channels, limits } })
  const calls = client(deployment, { again: true })
  try {
    const said = await flood({
      desks: deployment.members.map((_, member) => deskOf(calls, member)),
      limits: { ...limits, cards: 20 },
      ...{ asks, clients },
      advance: deployment.advance,
    })
    say(said.join('\n'))
    if (deployment.failures.length > 0) throw new Error(deployment.failures.join('\n'))
  } finally {
    calls.close()
    await deployment.close()
  }
}

const deskOf = ({ call }: Client, member: number): Desk => ({
  async ask(agent, { key, target }) {
    const wish = { action: 'db.export', target: `prod/${target}`, environment: 'production', params: { rows: 1 } }
    const headers = { 'idempotency-key': key }
    const { status, body } = await call(member, `bot-${agent}`, '/api/requests', { ...wish, reason: 'Flood' }, headers)
    return status < 300 ? { id: String(body.id) } : { problem: String(body.code ?? status) }
  },
  async cancel(agent, id) {
    const { status, body } = await call(member, `bot-${agent}`, `/api/requests/${id}/cancel`, {})
    return status === 200 ? null : String(body.code ?? status)
  },
})

program({
  name: 'flood',
  help,
  options: {
    asks: { type: 'string', default: '400' },
    clients: { type: 'string', default: '24' },
    processes: { type: 'string', default: '3' },
  },
  run,
})
