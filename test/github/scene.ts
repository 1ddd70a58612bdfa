import { milliseconds } from '../../src/core/data/instant.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { cancel } from '../../src/core/request/withdrawal.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { Delivery } from '../../src/delivery/delivery.ts'
import { type GitHubApi, gitHubApi } from '../../src/github/api.ts'
import { type GitHubDoor, gitHubDoor } from '../../src/github/door.ts'
import { gitHubGates } from '../../src/github/gate.ts'
import { localRsaKey } from '../../src/local/rsaKey.ts'
import type { Policy } from '../../src/ports/policy.ts'
import { bot, dba, needs, noon, owner, slot } from '../support/build.ts'
import { type DeliveryWorld, deliveryWorld } from '../support/deliveryWorld.ts'
import { fakePolicy } from '../support/fakes.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import { FakeTime, flushed } from '../support/fakes/time.ts'
import { delivered, gitHubApp, type GitHubDouble, startGitHub, waitingPayload } from '../support/gitHubDouble.ts'
import { agent, roster, type World, world } from '../support/world.ts'

const key = localRsaKey()

/** A service with a door for GitHub, deliveries that answer it, and a double of GitHub. */
export interface Scene {
  readonly github: GitHubDouble
  readonly here: World
  readonly rooms: DeliveryWorld
  readonly policy: Policy
  readonly door: GitHubDoor
  readonly api: GitHubApi
  readonly delivery: Delivery
  /** Another process on the same rows. */
  process(): Delivery
  /** Lets GitHub ask for a run, and the people be told. */
  ask(run: number, more?: Readonly<Record<string, unknown>>): Promise<ApprovalRequest>
  /** Lets deliveries go on for a while. */
  settle(seconds?: number): Promise<void>
  decide(id: RequestId, verdict: 'approve' | 'deny'): Promise<ApprovalRequest>
  find(id: RequestId): Promise<ApprovalRequest>
}

interface Choices {
  readonly judge?: () => Judgement
  readonly onBehalfOf?: 'optional' | 'required' | 'refused'
  readonly people?: Readonly<Record<number, typeof owner>>
}

/** The seconds that people have, and that an approval stands unused. */
const lasting = { expires: 7_200, lapse: 3_600 } as const

export async function scene({ judge, onBehalfOf = 'optional', people = {} }: Choices = {}): Promise<Scene> {
  const calls = new Set<Promise<unknown>>()
  const clock = new FakeTime(noon, async () => {
    do {
      await Promise.all(calls)
      await flushed()
    } while (calls.size > 0)
  })
  const github = await startGitHub(key.publicKey, () => milliseconds(clock.now()))
  const registered = {
    agents: [agent(bot, { onBehalfOf, limits: { pending: 100, hourly: 600 } })],
    github: people,
    gitHubs: [
      {
        ...{ agent: bot, installation: gitHubApp.installation },
        repositories: [{ ...gitHubApp.repository, environments: new Map([['production', 'production']]) }],
      },
    ],
  }
  const asked = judge ?? (() => needs([slot('dba')], lasting))
  const here = await world(asked, registered)
  Object.assign(here.clock, { now: () => clock.now() })
  const policy = fakePolicy(roster({ judge: asked, ...registered }))
  const rooms = deliveryWorld({ clock, ledger: here.ledger, outbox: new MemoryOutbox(here.ledger) })
  const given = gitHubApi({ api: github.url, appId: gitHubApp.appId, key, now: () => milliseconds(clock.now()) })
  const api: GitHubApi = (call) => {
    const calling = given(call)
    calls.add(calling)
    return calling.finally(() => calls.delete(calling))
  }
  const process = (): Delivery => {
    const useUp = (id: RequestId) => here.approvals.useForGate(id)
    return rooms.process({ gateKeeping: { gates: gitHubGates(policy, api), useUp } })
  }
  const delivery = process()
  const door = gitHubDoor({
    ...{ policy, api, settings: { secret: gitHubApp.secret, api: 'https://api.github.com' } },
    approvals: here.approvals,
    failed: (cause) => void rooms.failures.push(cause),
    tellSoon: async ({ id }) => {
      await rooms.outbox.touch(id)
      delivery.soon(id)
    },
  })
  const settle = async (seconds = 40): Promise<void> => {
    const swept = delivery.sweep()
    await clock.pass(seconds)
    await swept
    await delivery.idle()
  }
  return {
    ...{ github, here, rooms, policy, door, api, delivery, process, settle },
    find: (id) => rooms.find(id),
    async ask(run, more) {
      const payload = waitingPayload(run, more)
      github.wait(run, payload.environment)
      const { request } = await door(delivered('deployment_protection_rule', payload))
      await settle()
      return rooms.find(request as RequestId)
    },
    async decide(id, verdict) {
      const { digest } = await rooms.find(id)
      const seen = { via: 'cli', digest }
      return here.approvals.decide(id, { approver: dba, verdict, reason: 'Seen.', seen })
    },
  }
}

/** Ends a pending request in one of the ways that open no gate, and lets deliveries tell it. */
export async function withdrawn(
  scene: Scene,
  id: RequestId,
  end: 'expired' | 'cancelled' | 'revoked' | 'lapsed',
): Promise<void> {
  const { rooms, here } = scene
  switch (end) {
    case 'expired':
      rooms.clock.jump(7_201)
      await here.approvals.sweep()
      break
    case 'cancelled':
      await rooms.commit(id, (request, at) => cancel(request, { at }))
      break
    case 'revoked':
      await scene.decide(id, 'approve')
      await here.approvals.revoke(id, dba, { reason: 'Wrong ticket.' })
      break
    case 'lapsed':
      await scene.decide(id, 'approve')
      rooms.clock.jump(3_601)
      await here.approvals.sweep()
      break
  }
  await scene.settle()
}
