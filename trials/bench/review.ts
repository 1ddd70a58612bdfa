import { startConnector } from '../../test/support/connector.ts'
import { startStack, wish } from '../../test/support/stack.ts'
import { botOf, startTeams } from '../../test/support/teamsDouble.ts'
import { type Bench, figure, quantile, share, timed } from './figure.ts'

/** Each is shown the request for the first time, which is recorded before the answer. */
const approvers = ['dba-1', 'dba-2']

export const review: Bench = {
  about: 'Review, clicked on the card of a local stack, until it is answered',
  async measure(means) {
    const [connector, teams] = await Promise.all([startConnector(), startTeams()])
    const env = { COUNTERSIGN_CONNECTOR: connector.url, COUNTERSIGN_BOT_KEYS: teams.keysUrl }
    const stack = await startStack({ env, args: ['--no-timers'] })
    try {
      const bot = botOf(stack, teams)
      const ours: number[] = []
      const floor: number[] = []
      // An agent may ask sixty times in an hour.
      for (let number = -1; number < share(means, 50); number++) {
        const { body } = await stack.call('deploy-bot', '/api/requests', wish())
        for (const who of approvers) {
          const took = await timed(() => bot.click(who, 'review', { request: body.id }))
          const tookBare = await timed(() => stack.call(null, '/api/openapi.json'))
          if (number < 0) continue
          ours.push(took)
          floor.push(tookBare)
        }
        await stack.call('deploy-bot', `/api/requests/${body.id}/cancel`, {})
      }
      const at = (share: number, goal?: number) =>
        figure({
          name: `Review answered: p${share * 100}`,
          ...{ unit: 'ms', ours: [quantile(ours, share)], floor: [quantile(floor, share)] },
          ...(goal !== undefined && { goal: { of: 'ours', most: goal } as const }),
        })
      return [at(0.5), at(0.95, 500)]
    } finally {
      await Promise.all([connector.close(), teams.close()])
      await stack.stop()
    }
  },
}
