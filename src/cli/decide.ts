import { createInterface } from 'node:readline'
import { actionDigest } from '../core/action/action.ts'
import type { Answer } from './answer.ts'
import { Exit, exits } from './exit.ts'
import { describeAction, describeState } from './print.ts'
import { type Result, resultOf } from './result.ts'
import type { Session } from './session.ts'

/** Shows the action, then sends the decision with the digest of what was shown. */
export async function decide(session: Session, verdict: 'approve' | 'deny'): Promise<Result> {
  const { options, service, screen } = session
  const seen = await service.read(options.id)
  screen.show(describeAction(seen), 'stderr')
  if (!seen.action) throw new Exit(exits.refused, `Not decided: the action of request ${seen.id} was erased.`)
  const digest = actionDigest(seen.action)
  if (digest !== seen.digest)
    throw new Exit(exits.refused, `Not decided: what is shown has ${digest}, the service says ${seen.digest}.`)
  const reason = options.one('reason')
  const confirm = verdict === 'approve' ? await getConfirmation(session, seen) : undefined
  const answer = await service.decide(seen.id, {
    verdict,
    digest,
    ...(reason !== undefined && { reason }),
    ...(confirm !== undefined && { confirm }),
  })
  return resultOf(exits.ok, describeState(answer), answer)
}

async function getConfirmation({ options }: Session, { tier }: Answer): Promise<string | undefined> {
  const given = options.one('confirm')
  if (given !== undefined || tier !== 'high') return given
  if (process.stdin.isTTY && process.stderr.isTTY) return askPerson('Tier high: type the last segment of the target: ')
  throw new Exit(exits.usage, "--confirm is missing: this request is of tier high; give the target's last segment.")
}

function askPerson(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve, reject) => {
    // After an answer the promise is resolved already, so that this has no effect.
    terminal.once('close', () => reject(new Exit(exits.ended, 'Not decided.')))
    terminal.question(question, (answer) => {
      resolve(answer)
      terminal.close()
    })
  })
}
