import { botAppId } from '../../src/local/bot.ts'
import { tenantId } from '../../src/local/accounts.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { clouds } from '../../src/runtime/cloud.ts'
import { teamsDoor } from '../../src/teams/inbound/door.ts'
import { gate } from '../../src/teams/inbound/gate.ts'
import { startDouble } from '../support/double.ts'
import { forgeries, heldBytes } from '../../trials/fuzz/flood.ts'
import { startTeams, typed } from '../support/teamsDouble.ts'

test('2,000 forged calls are all refused, fetch the keys once, and leave nothing behind', async () => {
  const teams = await startTeams()
  const published = { keys: [teams.jwk('teams')] }
  const server = await startDouble(() => ({ status: 200, body: published }))
  const heard: unknown[] = []
  const door = teamsDoor({
    gate: gate({ botAppId, tenantId, jwksUri: `${server.origin}/keys`, bots: clouds.public.bots }),
    bot: async (intent) => {
      heard.push(intent)
      return { kind: 'none' }
    },
  })
  let sent = 0
  const flood = async (count: number): Promise<Set<string>> => {
    const codes = new Set<string>()
    for await (const { authorization, body } of forgeries(teams, count)) {
      const bytes = Buffer.from(JSON.stringify(body))
      sent += authorization.length + bytes.length
      codes.add(
        await door(authorization, bytes).then(String, (cause) => (cause instanceof Problem ? cause.code : 'bug')),
      )
    }
    return codes
  }
  try {
    await door(`Bearer ${await teams.token()}`, Buffer.from(JSON.stringify(typed('dba-1', 'help'))))
    expect(heard).toHaveLength(1)
    await flood(200) // what is made once is made now
    const before = heldBytes()
    sent = 0
    expect(await flood(2000)).toEqual(new Set(['unauthenticated']))
    const growth = heldBytes() - before
    expect(heard).toHaveLength(1)
    expect(server.received).toHaveLength(1)
    // were a tenth of it kept, it would show
    expect(growth).toBeLessThan(sent / 10)
    expect(sent).toBeGreaterThan(10_000_000)
  } finally {
    await Promise.all([teams.close(), server.close()])
  }
})
