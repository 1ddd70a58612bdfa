import { appendFileSync } from 'node:fs'
import { Countersign, isFailure, type Request, Stopped } from '../../src/client/countersign.ts'

/**
 * An agent that gates one action, whose effect is a line in a file. It kills itself at one point: before or after a call
 * (`ask`, `read`, `redeem`, `outcome`), or before or after the effect (`run`). It writes the id of a request that waits,
 * and how it ended.
 */
const [url = '', asked = '', key = '', file = '', point = ''] = process.argv.slice(2)

/** Ends this process at once, as a crash does: nothing after it runs. */
async function dieAt(here: string): Promise<void> {
  if (here !== point) return
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => undefined)
}

const nameOf = (to: URL, method: string): string =>
  to.pathname.endsWith('/api/requests') ? 'ask' : method === 'GET' ? 'read' : (to.pathname.split('/').at(-1) ?? '')

const crashing = async (to: URL, init: RequestInit): Promise<Response> => {
  const name = nameOf(to, init.method ?? 'GET')
  await dieAt(`${name}:before`)
  const answer = await fetch(to, init)
  const text = await answer.text()
  await dieAt(`${name}:after`)
  return new Response(text, answer)
}

const say = (words: string) => void process.stdout.write(`${words}\n`)

const options = {
  reason: 'A trial of crashes',
  key,
  onProgress: ({ id, status }: Request) => {
    if (status === 'pending') say(`waits ${id}`)
  },
}

async function main(): Promise<void> {
  const countersign = Countersign.fromEnvironment(process.env, { url, fetch: crashing })
  try {
    await countersign.gate(JSON.parse(asked), options, async () => {
      await dieAt('run:before')
      appendFileSync(file, 'effect\n')
      await dieAt('run:after')
    })
    say('ended: done')
  } catch (cause) {
    if (!isFailure(cause)) throw cause
    say(`ended: ${cause instanceof Stopped ? `${cause.code} ${cause.request.status}` : cause.name}`)
  }
}

void main()
