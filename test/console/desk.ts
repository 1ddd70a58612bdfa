import { type Answer, type Stack, type StackOptions, startStack, wish } from '../support/stack.ts'
import { type Visit, type Visitors, visitors } from './visitor.ts'

/** A local stack, and a browser that its people sit at. */
export interface Desk {
  readonly stack: Stack
  readonly people: Visitors
  /** Asks as `deploy-bot`, and resolves to the request's id. */
  ask(more?: Readonly<Record<string, unknown>>): Promise<string>
  /** What each event of a request commits to. */
  eventsOf(id: string): Promise<readonly Leaf[]>
  /** Votes by the API on what this person was shown. `more` are members of the vote beside verdict and view. */
  vote(who: string, id: string, more?: Readonly<Record<string, unknown>>): Promise<void>
  /** Closes the pages, and withdraws what waits: an agent is refused when three of its requests wait at once. */
  clear(): Promise<void>
  close(): Promise<void>
}

interface Leaf {
  readonly type: string
  readonly data?: Readonly<Record<string, unknown>>
}

export async function openDesk(options: StackOptions = {}): Promise<Desk> {
  const stack = await startStack(options)
  const people = await visitors(stack)
  let key = 0
  return {
    ...{ stack, people },
    async ask(more = {}) {
      const { status, body } = await stack.call('deploy-bot', '/api/requests', wish(more), {
        'idempotency-key': `c-${++key}`,
      })
      if (status !== 201) throw new Error(JSON.stringify(body))
      return body.id
    },
    async eventsOf(id) {
      const { body }: Answer = await stack.call('compliance', `/api/requests/${id}/events`, undefined, {
        accept: 'application/json',
      })
      return body.events.map(({ leaf }: { leaf: string }) => JSON.parse(leaf))
    },
    async vote(who, id, more = {}) {
      const { body } = await stack.call(who, `/api/requests/${id}/views`, {})
      const vote = { verdict: 'approve', view: body.view, ...more }
      const { status, body: answer } = await stack.call(who, `/api/requests/${id}/decisions`, vote)
      if (status !== 200) throw new Error(JSON.stringify(answer))
    },
    async clear() {
      await people.leave()
      const { body } = await stack.call('deploy-bot', '/api/requests?status=pending')
      for (const { id } of body.requests) await stack.call('deploy-bot', `/api/requests/${id}/cancel`, {})
    },
    async close() {
      await people.close()
      await stack.stop()
    },
  }
}

export const button = ({ page }: Pick<Visit, 'page'>, name: string | RegExp) => page.getByRole('button', { name })
