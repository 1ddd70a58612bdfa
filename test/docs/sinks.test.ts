import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { instant } from '../../src/core/data/instant.ts'
import { asimRow } from '../../src/exports/asim.ts'
import { cloudEvent } from '../../src/exports/cloudEvent.ts'
import { sinkFaults } from '../../src/ports/sinks.ts'
import { clouds } from '../../src/runtime/cloud.ts'
import { readSinks } from '../../src/sinksFile.ts'
import { webhook, webhookRetries } from '../../src/webhook/webhook.ts'
import { goldenEvents } from '../exports/goldenEvents.ts'
import { startReceiver } from '../support/hookReceiver.ts'
import { codesIn, readPage, rowsOf, sectionOf } from '../support/pages.ts'

const page = readPage('docs/operate/sinks.md')
const golden = goldenEvents()

/** The fenced blocks of a section, in order. */
const blocksOf = (heading: string, kind: string): readonly string[] =>
  [...sectionOf(page, heading).matchAll(new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )

test('the example of sinks.json is one, and its members are those of the table', () => {
  const [example = ''] = blocksOf('## Setting them up', 'json')
  const sinks = readSinks(Buffer.from(example), clouds.public)
  expect(sinks.map(({ kind }) => kind)).toEqual(['webhook', 'sentinel', 'ocsf'])
  const named = rowsOf(sectionOf(page, '## Setting them up'))
    .slice(2)
    .flatMap(([name = '']) => codesIn(name))
  const members = new Set(sinks.flatMap((sink) => Object.keys(sink)).filter((member) => member !== 'name'))
  expect(new Set(named)).toEqual(members)
})

test('the example of a webhook is what is sent of such an event', () => {
  const [, example = ''] = ['', ...blocksOf('## Webhooks', 'json')]
  const approved = golden.find(({ event }) => event.type === 'approved')
  if (!approved) throw new Error('There is one.')
  expect(JSON.parse(example)).toEqual(cloudEvent(approved, { origin: 'approvals.contoso.example/evidence' }))
})

test('the table of types is how they are told to Sentinel', () => {
  const by = { origin: 'a.example/evidence', version: '0', host: 'a.example', requests: '/' }
  const told = new Map<string, Set<string>>()
  for (const one of golden) {
    const row = asimRow(one, by)
    const kinds = told.get(one.event.type) ?? new Set()
    told.set(
      one.event.type,
      kinds.add(['EventType', 'EventResult', 'EventSeverity'].map((name) => row[name] as string).join(' ')),
    )
  }
  const rows = rowsOf(sectionOf(page, '### Types in Sentinel')).slice(1)
  const listed = rows.flatMap(([types = '', ...kind]) => codesIn(types).map((type) => [type, kind.join(' ')] as const))
  const { refused = '', reviewed = '', ...others } = Object.fromEntries(listed)
  const several = new Map([
    ['refused', ['Set Failure Medium', 'Read Failure Medium', 'Execute Failure Medium']],
    ['reviewed', ['Set Success Informational', 'Set Success High']],
  ])
  for (const [type, kinds] of told) expect([type, ...kinds]).toEqual([type, ...(several.get(type) ?? [others[type]])])
  expect(Object.keys(others).length + several.size).toBe(told.size)
  expect([refused, reviewed]).toEqual([
    expect.stringContaining('Execute for a redemption'),
    expect.stringContaining('High'),
  ])
})

test('every reason why a sink takes nothing is explained', () => {
  const rows = rowsOf(sectionOf(readPage('docs/operate/health-and-logs.md'), '### Why a sink takes no events')).slice(1)
  expect(rows.map(([why = '']) => codesIn(why)[0] ?? '').toSorted()).toEqual(sinkFaults.toSorted())
})

test('the tries of a webhook are those of the page', () => {
  expect(sectionOf(page, '### What answers mean').replace(/\s+/g, ' ')).toContain(
    'after 5 seconds, 5 and 30 minutes, then 2, 5, 10, 14, 20 and 24 hours: for 75 hours and 35 minutes',
  )
  expect(webhookRetries.map((seconds) => seconds / 60)).toEqual([1 / 12, 5, 30, 120, 300, 600, 840, 1200, 1440])
})

describe('the receiver on the page', () => {
  const secrets = [1, 2].map((fill) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`)
  const host = 'countersign.contoso.example'
  let folder: string
  let running: Awaited<ReturnType<typeof started>>

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-receiver-'))
    const [program = ''] = blocksOf('### A receiver', 'js')
    writeFileSync(join(folder, 'receiver.mjs'), program)
    running = await started(join(folder, 'receiver.mjs'))
  })
  afterAll(() => {
    running.child.kill()
    rmSync(folder, { recursive: true })
  })

  /** Runs the program until it listens. */
  async function started(file: string) {
    const env = { PATH: process.env['PATH'] ?? '', PORT: '0', COUNTERSIGN_HOST: host, HOOK_SECRETS: secrets.join(' ') }
    const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const lines: string[] = []
    const port = await new Promise<string>((done) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.startsWith('ready ')) done(line.slice('ready '.length))
        else lines.push(line)
      })
    })
    return { child, lines, url: `http://127.0.0.1:${port}/` }
  }

  /** What a sink sends, as it arrives behind the proxy that ends TLS. */
  async function sent(rawData: boolean) {
    const receiver = await startReceiver()
    try {
      const settings = { name: 'siem', url: receiver.url, rawData, deliverAnyway: false }
      const sink = webhook(settings, {
        ...{ secrets: async () => secrets.slice(0, 1), host, dial: receiver.dial },
        by: { origin: 'approvals.contoso.example/evidence', version: '0.1.0' },
        clock: { now: () => instant(Date.now()) },
      })
      await sink.send(golden.slice(0, 20), undefined)
      return receiver.seen
    } finally {
      await receiver.close()
    }
  }

  async function given({ method, headers, body }: Awaited<ReturnType<typeof sent>>[number], change: object = {}) {
    const own = Object.entries({ ...headers, ...change }).filter(([name]) => /^(webhook-|content-type)/.test(name))
    const answer = await fetch(running.url, {
      method,
      headers: Object.fromEntries(own) as Record<string, string>,
      ...(method === 'POST' && { body }),
    })
    return answer
  }

  test('allows this service, and takes what it sends, each event once', async () => {
    const [question, ...events] = await sent(true)
    if (!question) throw new Error('There is a question.')
    const allowed = await given(question)
    expect(allowed.headers.get('webhook-allowed-origin')).toBe(host)
    for (const event of [...events, ...events]) expect((await given(event)).status).toBe(204)
    expect(running.lines).toHaveLength(events.length)
    expect(running.lines[4]).toBe('07-5 countersign.approved.v1 01kjw2xm00abcdefghjkmnpqrs-07')
    for (const event of await sent(false)) if (event.method === 'POST') expect((await given(event)).status).toBe(204)
  })

  test('refuses another service, and what is not signed, old, or not what it says', async () => {
    const [question, event] = await sent(true)
    if (!question || !event) throw new Error('There are both.')
    expect((await given(question, { 'webhook-request-origin': 'other.example' })).status).toBe(403)
    const others = [
      { 'webhook-signature': 'v1,AAAA' },
      { 'webhook-signature': '' },
      { 'webhook-id': '07-9' },
      { 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 301) },
    ]
    for (const change of others) expect((await given(event, change)).status).toBe(401)
    const otherBody = { ...event, body: event.body.replace('"seq":1', '"seq":2') }
    expect((await given(otherBody)).status).toBe(401)
  })
})
