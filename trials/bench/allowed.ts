import { randomUUID } from 'node:crypto'
import { Countersign, keyOf } from '../../src/client/countersign.ts'
import { startStack } from '../../test/support/stack.ts'
import { type Bench, figure, quantile, share, timed } from './figure.ts'

const action = { action: 'service.restart', target: 'web-1', environment: 'staging', params: {} }

/** An agent gets the word to execute what policy allows: by the ask alone, and by an ask and a redemption. */
export const allowed: Bench = {
  about: 'what policy allows, asked for and redeemed in one call to a local stack, beside two calls',
  async measure(means) {
    const stack = await startStack()
    try {
      const client = new Countersign({ url: stack.api, token: await stack.token('deploy-bot') })
      const [ours, floor]: [number[], number[]] = [[], []]
      for (let number = -10; number < share(means, 150); number++) {
        const options = (how: string) => ({
          reason: 'Picks up the new certificate',
          key: keyOf('bench', String(process.pid), how, String(number)),
        })
        const both = await timed(async () => {
          const request = await client.ask(action, { ...options('one'), redemption: randomUUID() })
          if (request.next !== 'execute') throw new Error(`The ask that redeems was answered ${request.next}.`)
        })
        const apart = await timed(async () => {
          const request = await client.redeem(await client.ask(action, options('two')), action)
          if (request.next !== 'execute') throw new Error(`The redemption was answered ${request.next}.`)
        })
        // The first ones warm up.
        if (number < 0) continue
        ours.push(both)
        floor.push(apart)
      }
      return [
        figure({
          ...{ name: 'an allowed action, redeemed by its ask, beside an ask and a redemption', unit: 'ms' },
          ...{ ours: [quantile(ours, 0.5)], floor: [quantile(floor, 0.5)], goal: { of: 'ratio', most: 1 } },
        }),
      ]
    } finally {
      await stack.stop()
    }
  },
}
