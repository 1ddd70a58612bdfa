import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Answer, type Stack, wish } from '../../test/support/stack.ts'

/** What the pages are opened on. */
export interface History {
  /** Waits for dba-1, in one page. */
  readonly waiting: string
  /** Waits for security-1, who types to confirm. */
  readonly high: string
  /** Was approved, carried out and reported, some days ago. */
  readonly done: string
  readonly denied: string
  /** The first day, and the last one that is sealed, as YYYY-MM-DD. */
  readonly from: string
  readonly through: string
}

const days = 9
const secondsPerDay = 86_400

/** Sets the clock of a stack that will start on this folder so far back that all days of the history are over. */
export const begin = (data: string): Promise<void> =>
  writeFile(join(data, 'clock.json'), JSON.stringify({ offset: -days * secondsPerDay * 1000 }))

/**
 * Fills a stack with nine days of what agents and people do, and with what waits now: each page then has something to
 * show. In the end the stack's clock is that of the machine, which the browser has too.
 */
export async function fill(stack: Stack): Promise<History> {
  const deeds = new Deeds(stack)
  const done: string[] = []
  const denied: string[] = []
  for (let day = 0; day < days; day++) {
    done.push(await deeds.exported(day))
    denied.push(await deeds.denied(day))
    await deeds.granted(day)
    await deeds.allowed(day)
    if (day % 3 === 1) await deeds.forbidden()
    if (day % 4 === 2) await deeds.forgotten(day)
    if (day % 4 === 3) await deeds.unseen(day)
    await deeds.endDay()
    await stack.local('seal')
  }
  const { body } = await stack.call('compliance', '/api/evidence/bundles')
  const dates: string[] = body.bundles.map(({ date }: { date: string }) => date).sort()
  return {
    ...(await deeds.waiting()),
    ...{ done: done[4] ?? '', denied: denied[5] ?? '' },
    ...{ from: dates[0] ?? '', through: dates.at(-1) ?? '' },
  }
}

const tables = ['accounts', 'invoices', 'subscriptions', 'churn_events', 'contacts']

/** One thing that happens, from the ask to its end. */
class Deeds {
  private readonly stack: Stack

  /** Seconds of the day that have passed. */
  private passed = 0

  constructor(stack: Stack) {
    this.stack = stack
  }

  async endDay(): Promise<void> {
    await this.pass(secondsPerDay - this.passed)
    this.passed = 0
  }

  private async pass(seconds: number): Promise<void> {
    this.passed += seconds
    await this.stack.advance(seconds)
  }

  async exported(day: number): Promise<string> {
    const { id } = await this.ask({
      target: 'prod/postgres/customers',
      params: {
        tables: tables.slice(0, 1 + (day % tables.length)),
        rows: 1200 + 37 * day,
        destination: 's3://finance/churn',
      },
      reason: 'Quarterly churn report for finance, ticket FIN-881. The report is due on Friday.',
    })
    await this.pass(40 + 55 * day)
    await this.vote(id, day % 3 === 0 ? 'dba-2' : 'dba-1', 'approve', day % 2 === 0 ? 'Agreed with finance' : undefined)
    await this.carriedOut(id, `${1200 + 37 * day} rows exported`)
    return id
  }

  async denied(day: number): Promise<string> {
    const { id } = await this.ask({
      target: `prod/postgres/payroll-${day}`,
      params: { tables: ['salaries'], rows: 480, destination: 's3://scratch/tmp' },
      reason: 'A model for retention needs the salaries.',
    })
    await this.pass(95)
    await this.vote(id, 'dba-2', 'deny', 'Salaries never leave this database. Ask People for the aggregate.')
    return id
  }

  async granted(day: number): Promise<void> {
    const { id } = await this.ask({
      action: 'iam.role.grant',
      target: `azure/subscriptions/billing/roles/reader-${day}`,
      params: { role: 'Reader', principal: 'report-runner', hours: 4 },
      reason: 'The report runner reads the invoices of this month.',
    })
    await this.pass(240)
    const who = day % 2 === 0 ? 'security-1' : 'security-2'
    await this.vote(id, who, 'approve', undefined, `reader-${day}`)
    if (day % 3 !== 0) await this.carriedOut(id, 'The role is granted for four hours.')
  }

  async allowed(day: number): Promise<void> {
    const target = ['web-1', 'web-2', 'worker-1'][day % 3]
    const restart = {
      action: 'service.restart',
      target,
      environment: 'staging',
      params: {},
      reason: 'It leaks memory.',
    }
    await this.stack.call('other-bot', '/api/requests', wish({ ...restart, redemption: randomUUID() }), keyed())
  }

  async forbidden(): Promise<void> {
    const drop = { action: 'db.drop', target: 'prod/postgres/old-customers', params: {}, reason: 'Nobody reads it.' }
    await this.stack.call('deploy-bot', '/api/requests', wish(drop), keyed())
  }

  /** Nobody decides in time. */
  async forgotten(day: number): Promise<void> {
    await this.ask({ target: `prod/postgres/archive-${day}`, params: { rows: 90 }, reason: 'A restore is rehearsed.' })
  }

  /** A vote on a digest alone, which auditors find among the exceptions. */
  async unseen(day: number): Promise<void> {
    const { id, digest } = await this.ask({ target: `prod/postgres/quotes-${day}`, reason: 'Prices are compared.' })
    await this.stack.call('dba-1', `/api/requests/${id}/decisions`, { verdict: 'approve', digest })
  }

  async waiting(): Promise<Pick<History, 'waiting' | 'high'>> {
    const first = await this.ask({
      target: 'prod/postgres/customers',
      params: { tables: ['accounts', 'contacts'], rows: 1540, destination: 's3://finance/churn' },
      reason: 'Quarterly churn report for finance, ticket FIN-881. The report is due on Friday.',
    })
    await this.ask({
      ...{ action: 'deploy.release', target: 'prod/orders-api', params: { version: '4.18.2', canary: true } },
      reason: 'The fix for double charges, reviewed in pull request 2204.',
    })
    const high = await this.ask({
      action: 'iam.role.grant',
      target: 'azure/subscriptions/billing/roles/owner',
      params: { role: 'Owner', principal: 'report-runner', hours: 1 },
      reason: 'The budget alerts can only be changed by an owner.',
    })
    return { waiting: first.id, high: high.id }
  }

  private async ask(more: Record<string, unknown>): Promise<Answer['body']> {
    const { status, body } = await this.stack.call('deploy-bot', '/api/requests', wish(more), keyed())
    if (status !== 201) throw new Error(`An ask was answered with ${status}: ${JSON.stringify(body)}`)
    return body
  }

  /** @param confirm the last part of the target, which a high tier asks for */
  private async vote(id: string, who: string, verdict: string, reason?: string, confirm?: string): Promise<void> {
    const { status: drawn, body } = await this.stack.call(who, `/api/requests/${id}/views`, {})
    if (drawn !== 200) throw new Error(`A view was answered with ${drawn}: ${JSON.stringify(body)}`)
    await this.pass(12)
    const vote = {
      verdict,
      view: body.view,
      ...(reason !== undefined && { reason }),
      ...(confirm !== undefined && { confirm }),
    }
    const { status, body: said } = await this.stack.call(who, `/api/requests/${id}/decisions`, vote)
    if (status !== 200) throw new Error(`A vote was answered with ${status}: ${JSON.stringify(said)}`)
  }

  private async carriedOut(id: string, summary: string): Promise<void> {
    const { body } = await this.stack.call('deploy-bot', `/api/requests/${id}`)
    const redeemed = { grant: body.grant?.token, digest: body.digest, redemption: randomUUID() }
    await this.stack.call('deploy-bot', `/api/requests/${id}/redeem`, redeemed)
    await this.stack.call('deploy-bot', `/api/requests/${id}/outcome`, { result: 'succeeded', summary })
  }
}

const keyed = (): Record<string, string> => ({ 'idempotency-key': randomUUID() })
