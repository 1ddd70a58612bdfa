import { Problem } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import {
  answer,
  ask,
  askStanding,
  type Client,
  click,
  comeBack,
  type Heard,
  leave,
  read,
  redeem,
  repeat,
  report,
  speak,
  use,
  vote,
  withdraw,
} from './deeds.ts'
import { outage, pass, remove } from './mishaps.ts'
import type { Command } from './plan.ts'
import { refusable } from './recovery.ts'
import { approvers, deputy } from './roster.ts'
import type { World } from './world.ts'

/** Puts the commands of a plan to the processes, and keeps what they answer. */
export function clients(world: World) {
  const heard: Heard = { answers: [], told: [], talk: [], votes: [], looks: [], absences: [], recalls: [] }

  /** How a command ended: `ok`, a problem's code, or that nobody answers any more. */
  async function put(command: Command, slot: number): Promise<string> {
    const process = world.process(slot)
    const { name } = process.life
    const work = deed({ world, process, heard }, command).then(
      () => 'ok',
      (cause: unknown) => {
        if (!(cause instanceof Problem)) world.failures.push(cause)
        return cause instanceof Problem ? cause.code : 'bug'
      },
    )
    world.note(`${name} hears ${JSON.stringify(command)}`)
    const outcome = await Promise.race([work, process.ended])
    world.note(`${name} answers ${command.do}: ${outcome}`)
    world.reached(outcome === 'ended' ? 'acknowledged by nobody' : outcome)
    return outcome
  }

  /**
   * Tries to redeem every request, in both processes, under names of redemptions that were not used before. Where members
   * came back, their deputy tries to vote for them.
   */
  async function probe(): Promise<void> {
    for (const [i, born] of [...world.stores.seen.born.values()].entries()) {
      const client = { world, process: world.process(i % 2), heard }
      if (heard.recalls.length > 0) await refusable(() => vote(client, born, byDeputy))
      await refusable(() => redeem(client, born, { redemption: 3 + (i % 2), report: null }))
      await refusable(() => read({ ...client, process: world.process((i + 1) % 2) }, born))
    }
  }

  return {
    heard,
    probe,

    /** Puts a command when its time has come, and again if it was not answered. @param place among the commands */
    carryOut: async (command: Command, place: number): Promise<void> => {
      await world.points(command.after + place * 5)
      const copies = Array.from({ length: command.times }, async (_, copy) => {
        const slot = (command.process + copy) % 2
        // A copy is the same, but for a redemption: whoever has the grant may try it twice.
        const one = command.do === 'redeem' ? { ...command, redemption: command.redemption + copy } : command
        const outcome = await put(one, slot)
        const isOpen = outcome === 'ended' || outcome === 'unavailable' || outcome === 'busy'
        if (command.again && isOpen) await put(one, 1 - slot)
      })
      await Promise.all(copies)
    },
  }
}

/** How a deputy would approve. */
const byDeputy: Parameters<typeof vote>[2] = {
  ...({ do: 'vote', approver: approvers.indexOf(deputy), verdict: 'approve', via: 'api' } as const),
  ...({ process: 0, request: 0, after: 0, times: 1, again: false } as const),
}

async function deed(client: Client, command: Command): Promise<unknown> {
  const { process, world } = client
  switch (command.do) {
    case 'ask':
      return ask(client, command)
    case 'stand':
      return askStanding(client, command)
    case 'away':
      return leave(client, command)
    case 'back':
      return comeBack(client, command)
    case 'sweep':
      return process.sweep()
    case 'deliver':
      return process.delivery.sweep()
    case 'seal':
      return process.seal()
    case 'clock':
      return pass(world, command)
    case 'outage':
      return outage(world, command)
    case 'remove':
      return remove(world.stores, command)
    case 'vote':
    case 'askBack':
    case 'answer':
    case 'break':
    case 'review':
    case 'narrow':
    case 'redeem':
    case 'cancel':
    case 'revoke':
    case 'report':
    case 'read':
    case 'repeat':
    case 'adopt':
    case 'use': {
      const request = await requestOf(world, command)
      return request && about(client, request, command)
    }
  }
}

async function about(
  client: Client,
  request: ApprovalRequest,
  command: Exclude<
    Command,
    { do: 'ask' | 'stand' | 'away' | 'back' | 'sweep' | 'deliver' | 'seal' | 'clock' | 'outage' | 'remove' }
  >,
): Promise<unknown> {
  const { id, executor } = request
  switch (command.do) {
    case 'vote':
      return vote(client, request, command)
    case 'askBack':
    case 'break':
    case 'review':
    case 'narrow':
      return speak(client, request, command)
    case 'answer':
      return answer(client, request, command)
    case 'redeem':
      return redeem(client, request, command)
    case 'cancel':
    case 'revoke':
      return withdraw(client, request, command)
    case 'report':
      return report(client, id, executor, command.result)
    case 'read':
      return read(client, request)
    case 'repeat':
      return repeat(client, request)
    case 'use':
      return use(client, request, command)
    case 'adopt':
      return click(client, id)
  }
}

/** The request as it was asked for, which is how its client knows it. A client waits a little for the first request. */
async function requestOf({ stores, schedule }: World, { request }: Command): Promise<ApprovalRequest | null> {
  const { requests } = stores.seen
  for (let left = 10; left > 0 && requests.length === 0; left--) await schedule.point()
  const id = requests[request % Math.max(1, requests.length)]
  return (id && stores.seen.born.get(id)) ?? null
}
