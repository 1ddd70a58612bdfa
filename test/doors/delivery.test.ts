import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { unbroken } from '../../src/core/data/text.ts'
import type { PostedCard } from '../../src/ports/messenger.ts'
import { english } from '../../src/words/english.ts'
import { type Connector, type ConnectorCall, startConnector } from '../support/connector.ts'
import type { Fault } from '../support/faultProxy.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { buttons, lines } from '../cards/drawn.ts'
import { botOf, channel, startTeams, type TeamsDouble } from '../support/teamsDouble.ts'
import { until } from '../support/until.ts'
import { inWhole, someOf } from '../support/whole.ts'

const securityChannel = '19:security@thread.tacv2'

let folder: string
let connector: Connector
let teams: TeamsDouble
let stack: Stack

/** What happens to the calls about a request, one after the other. Requests are told apart by their targets. */
const faults = new Map<string, Fault[]>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  ;[connector, teams] = await Promise.all([startConnector(), startTeams(), channels()])
  connector.plan(({ body }) => {
    const text = body.toString()
    return [...faults].find(([target]) => unbroken(text).includes(target))?.[1].shift() ?? null
  })
  stack = await start()
})

afterAll(async () => {
  await Promise.all([connector.close(), teams.close()])
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('the connector', () => {
  const posting: readonly (readonly [string, Fault])[] = [
    ['fails', { kind: 'status', status: 502 }],
    ['drops the connection', { kind: 'lost' }],
  ]

  test.each(someOf(posting))(
    '%s while a card is posted: the card is posted once, when the connector is back',
    async (_how, fault) => {
      const request = await ask({ faults: [fault, fault] })
      await until(
        () => calls(request),
        ({ length }) => length > 0,
      )
      expect(cards(request)).toEqual([])
      expect(await read(request)).toMatchObject({ status: 'pending', delivery: 'pending' })
      await passing(5, () => cards(request).length > 0)
      expect(cards(request)).toHaveLength(1)
      await approve(request)
      await shows(request, 'approved')
    },
  )

  test('hangs: only the card waits for it, and then shows what happened in the meantime', async () => {
    const hanging = gate()
    const request = await ask({ faults: [{ kind: 'lost', meanwhile: () => hanging.opened }] })
    await until(
      () => calls(request),
      ({ length }) => length > 0,
    )
    expect(await approve(request)).toMatchObject({ status: 'approved' })
    hanging.open()
    await passing(5, () => cards(request).length > 0)
    await shows(request, 'approved')
    expect(cards(request)).toHaveLength(1)
  })

  const updating: readonly (readonly [string, Fault])[] = [
    ['loses the answer', { kind: 'unanswered' }],
    ['fails', { kind: 'status', status: 502 }],
  ]

  test.each(someOf(updating))(
    '%s while a card is updated: the card ends up to date, and stays the only one',
    async (_how, fault) => {
      const request = await posted({ faults: [] })
      faults.set(request.target, [fault])
      await approve(request)
      await shows(request, 'approved')
      await until(
        () => calls(request),
        (sent) => sent.filter(({ kind }) => kind === 'update').length > 1,
      )
      expect(cards(request)).toHaveLength(1)
    },
  )

  test('asks to wait: nothing is sent into this channel until then, and other channels go on', async () => {
    const request = await ask({ faults: [{ kind: 'status', status: 429, headers: { 'retry-after': '600' } }] })
    await until(
      () => calls(request),
      ({ length }) => length > 0,
    )
    await shows(await ask(role()), 'pending')
    // far enough from the end for a machine that is slow
    await stack.local('advance', '400s')
    await stack.local('sweep')
    expect(calls(request)).toHaveLength(1)
    await passing(60, () => cards(request).length > 0)
    expect(cards(request)).toHaveLength(1)
    await approve(request)
    await shows(request, 'approved')
  })

  test('reports a deleted card: the channel gets another', async () => {
    const request = await posted()
    const [card] = cards(request)
    connector.remove(card?.conversation ?? '')
    await approve(request)
    const after = await until(
      () => cards(request),
      ({ length }) => length === 2,
    )
    expect(after.map(statusOf)).toEqual([english.statuses.pending, english.statuses.approved])
  })

  test('refuses an update: the card is updated at the next click on it', async () => {
    const request = await posted()
    const [card] = cards(request)
    faults.set(request.target, [{ kind: 'status', status: 403 }])
    await approve(request)
    await until(
      () => calls(request),
      (sent) => sent.some(({ kind }) => kind === 'update'),
    )
    await stack.local('sweep')
    expect(cards(request).map(statusOf)).toEqual([english.statuses.pending])
    await until(
      async () => {
        await review(card)
        return cards(request).map(statusOf)
      },
      ([status]) => status === english.statuses.approved,
    )
    expect(cards(request)).toHaveLength(1)
  })
})

test('an erased reason disappears from the card', async () => {
  const reason = `hunter2${randomBytes(4).toString('hex')}`
  const request = await posted({ reason })
  const text = () => cards(request).map((card) => lines(connector.shown(card) ?? {}).join('\n'))
  expect(text()).toEqual([expect.stringContaining(reason)])
  await stack.call('deploy-bot', `/api/requests/${request.id}/cancel`, {})
  await shows(request, 'cancelled')
  expect(text()).toEqual([expect.stringContaining(reason)])
  const erasure = { request: request.id, names: ['reason'], why: 'A secret was in it.' }
  expect(await stack.call('compliance-2', '/api/evidence/erasures', erasure)).toMatchObject({ status: 202 })
  expect(text()).toEqual([expect.stringContaining(reason)])
  expect(await stack.call('compliance', '/api/evidence/erasures', erasure)).toMatchObject({ status: 200 })
  await until(text, ([shown = reason]) => !shown.includes(reason))
  expect(cards(request)).toHaveLength(1)
})

describe('a vote during a delivery', () => {
  test('shows on the card that was being posted', async () => {
    const asked = gate()
    const meanwhile = async () => {
      await asked.opened
      await approve(request)
    }
    const request: Answer['body'] = await ask({ faults: [{ kind: 'late', meanwhile }] })
    asked.open()
    await shows(request, 'approved')
    expect(cards(request)).toHaveLength(1)
  })

  test('shows on the cards that were being updated', async () => {
    const request = await posted({ params: { rows: 120_000 } }, 2)
    faults.set(request.target, [{ kind: 'late', meanwhile: () => approve(request, 'security-1') }])
    await approve(request)
    await shows(request, 'approved')
    expect(cards(request)).toHaveLength(2)
  })
})

test('a channel that the bot may not write to gets no card, the request goes on, and the channel later gets a card with its end', async () => {
  const request = await ask({ ...role(), faults: [{ kind: 'status', status: 403 }] })
  await until(
    () => read(request),
    ({ delivery }) => delivery === 'undeliverable',
  )
  const { body } = await stack.call('compliance', `/api/requests/${request.id}/events`)
  expect(body.match(/"type":"undeliverable"/g)).toHaveLength(1)
  expect(await approve(request, 'security-1')).toMatchObject({ status: 'approved' })
  await stack.local('advance', '61m')
  await shows(request, 'lapsed')
  expect(cards(request)).toHaveLength(1)
})

inWhole(() => {
  /** It ends the stack that the others use: last. */
  test('a crash between a post and its record leaves at most one unknown card, which is updated at a click', async () => {
    const hanging = await ask({ faults: [{ kind: 'hanging' }] })
    await until(
      () => calls(hanging),
      ({ length }) => length > 0,
    )
    const asked = gate()
    const crash = async () => {
      await asked.opened
      stack.process.kill('SIGKILL')
    }
    const request = await ask({ faults: [{ kind: 'unanswered', meanwhile: crash }] })
    asked.open()
    await until(() => stack.process.signalCode, Boolean)
    expect(cards(request).map(statusOf)).toEqual([english.statuses.pending])
    expect(cards(hanging)).toEqual([])
    await storageEnded()

    stack = await start()
    await passing(40, () => cards(request).length > 1 && cards(hanging).length > 0)
    await approve(request)
    await approve(hanging)
    await shows(hanging, 'approved')
    const seen = await until(
      () => cards(request).map(statusOf),
      (statuses) => statuses.includes(english.statuses.approved),
    )
    expect(seen).toHaveLength(2)
    expect(seen).toContain(english.statuses.pending)

    await review(cards(request).find((card) => statusOf(card) === english.statuses.pending))
    await shows(request, 'approved')
    await stack.local('sweep')
    expect([cards(request).length, cards(hanging).length]).toEqual([2, 1])
  })
})

/** The example policy, where each group has a channel of its own. */
async function channels(): Promise<void> {
  const policy = join(folder, 'policy')
  await cp('policy', policy, { recursive: true })
  const approvers = JSON.parse(await readFile(join(policy, 'approvers.json'), 'utf8'))
  approvers.groups.security.channels = [securityChannel]
  await writeFile(join(policy, 'approvers.json'), JSON.stringify(approvers))
}

const start = (): Promise<Stack> =>
  startStack({
    data: join(folder, 'data'),
    env: {
      COUNTERSIGN_POLICY: join(folder, 'policy'),
      COUNTERSIGN_CONNECTOR: connector.url,
      COUNTERSIGN_BOT_KEYS: teams.keysUrl,
    },
  })

/** The storage saves when the stack is gone; only then may another run on the same data. */
async function storageEnded(): Promise<void> {
  const run = promisify(execFile)
  const running = async () => (await run('ps', ['-eo', 'args'], { maxBuffer: 2 ** 24 })).stdout
  await until(running, (commands) => !commands.includes(join(folder, 'data', 'storage')))
}

async function ask(wanted: Record<string, unknown> & { faults?: Fault[] } = {}): Promise<Answer['body']> {
  const { faults: planned = [], ...more } = wanted
  // short: cards break what is long
  const body = wish({ target: `prod/${randomBytes(4).toString('hex')}`, ...more })
  faults.set(String(body['target']), planned)
  const answer = await stack.call('deploy-bot', '/api/requests', body)
  expect(answer).toMatchObject({ status: 201, body: { status: 'pending' } })
  return answer.body
}

/** A wish that concerns security alone. */
const role = () => ({ action: 'iam.role.grant', params: {} })

/** Asks, and waits for the cards. */
async function posted(wanted: Parameters<typeof ask>[0] = {}, many = 1): Promise<Answer['body']> {
  const request = await ask(wanted)
  await until(
    () => cards(request),
    ({ length }) => length === many,
  )
  return request
}

const read = async ({ id }: Answer['body']) => (await stack.call('deploy-bot', `/api/requests/${id}`)).body

async function approve({ id, digest, target }: Answer['body'], who = 'dba-1'): Promise<Answer['body']> {
  const decision = { verdict: 'approve', digest, confirm: target.split('/').at(-1) }
  return (await stack.call(who, `/api/requests/${id}/decisions`, decision)).body
}

/** Clicks on a card's only button. */
async function review(card: PostedCard | undefined): Promise<void> {
  if (!card) throw new Error('There is no such card.')
  const [button] = buttons(connector.shown(card) as object)
  await botOf(stack, teams).click('dba-2', 'review', button?.data as object, card)
}

/** Lets the stack's clock go on by so many seconds, and its timers run, until something has come about. */
const passing = (seconds: number, holds: () => boolean) =>
  until(async () => {
    await stack.advance(seconds)
    return holds()
  }, Boolean)

const calls = ({ id }: Answer['body']): readonly ConnectorCall[] =>
  connector.calls.filter(({ body }) => JSON.stringify(body).includes(id))

/** The request's cards in all channels. */
const cards = ({ id }: Answer['body']): readonly PostedCard[] =>
  [channel, securityChannel]
    .flatMap((one) => connector.posts(one))
    .filter((card) => JSON.stringify(connector.shown(card)).includes(id))

const statusOf = (card: PostedCard): string | undefined => {
  const shown = lines(connector.shown(card) ?? {})
  return Object.values(english.statuses).find((status) => shown.includes(status))
}

/** Waits for the request to have cards that all show this. */
const shows = (request: Answer['body'], status: keyof typeof english.statuses) =>
  until(
    () => cards(request).map(statusOf),
    (seen) => seen.length > 0 && seen.every((one) => one === english.statuses[status]),
  )

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((done) => {
    open = done
  })
  return { opened, open: () => open() }
}
