import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Order, Report, Settings, Task, Witnessed } from './order.ts'
import { root } from '../../test/support/root.ts'

/** One process of a deployment. */
export interface Member {
  /** The address of its API. */
  readonly origin: string
  readonly pid: number
  /** Sets its clock forward. */
  advance(seconds: number): Promise<void>
  timer(name: 'sweep'): Promise<void>
  witness(): Promise<Witnessed>
  /** Ends the process as the platform does: calls under way may end. */
  readonly close: () => Promise<void>
}

export interface MemberOptions {
  readonly settings: Settings
  readonly env: Readonly<Record<string, string>>
  readonly failed: (text: string) => void
}

const program = join(root, 'dist/deployment.cjs')

/** @throws {Error} if it ends before it listens */
export async function startMember({ settings, env, failed }: MemberOptions): Promise<Member> {
  if (!existsSync(program)) throw new Error(`${program} is missing. The script that runs this trial builds it.`)
  const child = fork(program, [JSON.stringify(settings)], { cwd: root, env: { ...process.env, ...env } })
  const open = new Map<number, { done: (result: unknown) => void; fail: (cause: Error) => void }>()
  let closing = false
  let number = 0
  const ended = new Promise<void>((done) => {
    child.once('exit', (code, signal) => {
      if (!closing) failed(`A process of the deployment ended: ${code ?? signal}`)
      for (const { fail } of open.values()) fail(new Error('The process ended.'))
      done()
    })
  })
  const origin = await new Promise<string>((done, fail) => {
    void ended.then(() => fail(new Error('A process of the deployment did not start.')))
    child.on('message', (report: Report) => {
      if ('ready' in report) return done(report.ready)
      if ('failed' in report) return failed(report.failed)
      const { done: result, fail } = open.get(report.n) ?? {}
      open.delete(report.n)
      if ('error' in report) fail?.(new Error(report.error))
      else result?.(report.result)
    })
  })
  const send = (task: Task): Promise<unknown> =>
    new Promise((done, fail) => {
      if (!child.connected) return fail(new Error('The process ended.'))
      const order: Order = { ...task, n: ++number }
      open.set(order.n, { done, fail })
      child.send(order)
    })
  return {
    origin,
    pid: child.pid ?? 0,
    advance: async (seconds) => void (await send({ kind: 'advance', seconds })),
    timer: async (name) => void (await send({ kind: 'timer', name })),
    witness: async () => (await send({ kind: 'witness' })) as Witnessed,
    async close() {
      if (closing || child.exitCode !== null) return
      closing = true
      await send({ kind: 'close' }).catch(() => undefined)
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
