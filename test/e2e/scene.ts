import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { type Client, openClient } from './client.ts'

type Body = Answer['body']

/** A local stack, and dba-1 before its Teams client. */
export interface Scene {
  readonly stack: Stack
  readonly client: Client
  /** Asks as the agent; what the policy leaves to people. */
  readonly ask: (more?: Record<string, unknown>) => Promise<Body>
  /** The agent's call that waits until the request is decided. */
  readonly waits: (request: Body) => Promise<Body>
  /** The request as the agent reads it now. */
  readonly read: (request: Body) => Promise<Body>
  /** Approves over HTTP. */
  readonly approve: (who: string, request: Body) => Promise<void>
  /** The card of a request in the channel, once it is there. */
  readonly posted: (request: Body) => Promise<Locator>
  /** The same card with what only this person sees. */
  readonly reviewed: (request: Body) => Promise<Locator>
  /** Starts stack and client anew, on the same data. */
  readonly restart: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function openScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  const policy = join(folder, 'policy')
  let stack: Stack | undefined
  let client: Client | undefined
  const stop = async () => {
    await client?.close()
    await stack?.stop()
  }
  const restart = async () => {
    await stop()
    stack = await startStack({ client: true, data: join(folder, 'data'), env: { COUNTERSIGN_POLICY: policy } })
    client = await openClient(stack.client)
  }
  const close = async () => {
    await stop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await writePolicy(policy)
    await restart()
  } catch (cause) {
    await close()
    throw cause
  }
  const theStack = () => started(stack)
  const theClient = () => started(client)
  return {
    get stack() {
      return theStack()
    },
    get client() {
      return theClient()
    },
    ...acting(theStack, theClient),
    restart,
    close,
  }
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('It did not start.')
  return part
}

export const press = (card: Locator, name: string) => card.getByRole('button', { name, exact: true }).last().click()
export const buttonsOf = (card: Locator) => card.getByRole('button').allTextContents()

function acting(stack: () => Stack, client: () => Client): Omit<Scene, 'stack' | 'client' | 'restart' | 'close'> {
  const posted = async ({ id }: Body): Promise<Locator> => {
    await client().open('approvals')
    const card = client().card(id)
    await card.waitFor()
    return card
  }
  return {
    async ask(more = {}) {
      const { status, body } = await stack().call('deploy-bot', '/api/requests', wish(more))
      expect({ status, body }).toMatchObject({ status: 201 })
      return body
    },
    waits: async ({ id }) =>
      (await stack().call('deploy-bot', `/api/requests/${id}`, undefined, { prefer: 'wait=25' })).body,
    read: async ({ id }) => (await stack().call('deploy-bot', `/api/requests/${id}`)).body,
    async approve(who, { id, digest }) {
      const { status, body } = await stack().call(who, `/api/requests/${id}/decisions`, { verdict: 'approve', digest })
      expect({ status, body }).toMatchObject({ status: 200 })
    },
    posted,
    async reviewed(request) {
      const card = await posted(request)
      await press(card, 'Review')
      await client().says(card, /^Action digest sha256:/)
      return card
    },
  }
}

/** The example policy, and what lets dba-1 decide alone in the tiers that it leaves to others. */
async function writePolicy(folder: string): Promise<void> {
  await cp('policy', folder, { recursive: true })
  await appendFile(join(folder, 'approve.cedar'), rules)
  const file = join(folder, 'presentation.json')
  const presentation = JSON.parse(await readFile(file, 'utf8'))
  presentation.actions['db.drop'] = { title: 'Drop {target}' }
  presentation.actions['service.restart'] = { title: 'Restart {target}' }
  await writeFile(file, JSON.stringify(presentation))
}

const rules = `
@id("restart-needs-dba")
@approvers("dba")
@tier("low")
@summary("Restart a service in production")
permit (principal, action == Action::"service.restart", resource)
when { context.target like "prod/*" };

@id("drop-needs-dba")
@approvers("dba")
@tier("high")
@summary("Drop a database outside production")
permit (principal, action == Action::"db.drop", resource);
`
