import { accountOf } from '../../src/cli/account.ts'
import { csvReport } from '../../src/cli/reportCsv.ts'
import { htmlReport } from '../../src/cli/reportHtml.ts'
import { parseAnswer } from '../../src/cli/answer.ts'
import { describe as described } from '../../src/cli/print.ts'
import { canonicalAction } from '../../src/core/action/action.ts'
import { withRun } from '../../src/core/action/run.ts'
import type { Json } from '../../src/core/data/json.ts'
import { decide } from '../../src/core/request/decision.ts'
import { toBody } from '../../src/http/body.ts'
import { action, after, dba, decision, needs, pending, slot, stored } from '../support/build.ts'

const bound = { path: '/usr/bin/pg_dump', args: ['customers', 'a b', '</code>\u202e'], cwd: '/srv' }
const params = withRun({ rows: 1 }, bound)
const request = pending({ action: { ...action, params }, judgement: needs([slot('dba'), slot('security')]) })
const half = stored(decide(request, decision(request)), after(60))

const shown = (given: typeof half) =>
  described(
    parseAnswer(JSON.parse(JSON.stringify(toBody(given, { to: { kind: 'person', id: dba }, delivery: 'ok' }))) as Json),
  )

test('a request that binds a command is described by the command first, and exactly among its params', () => {
  const lines = shown(request)
  expect(lines[0]).toEqual(['will run', "/usr/bin/pg_dump customers 'a b' '</code>\u202e' in /srv"])
  expect(lines).toContainEqual(['params', params])
  expect(shown(pending()).map(([label]) => label)).not.toContain('will run')
})

test('a request is described with who approved it, when, when it was asked, and until when it is decided', () => {
  expect(shown(half)).toEqual(
    expect.arrayContaining([
      ['approved by', `Dana (${half.decisions[0]?.approver}) at ${after(60)}`],
      ['asked', request.createdAt],
      ['decide by', request.requirement.expiresAt],
    ]),
  )
})

test('a request is described with the name of who answers for its agent', () => {
  const owned = shown(pending({ owner: 'Dana Diaz' }))
  expect(owned).toContainEqual(['its owner', 'Dana Diaz'])
  expect(shown(pending()).map(([label]) => label)).not.toContain('its owner')
})

test('a report says below the title of a request what was bound to run', async () => {
  const event = { at: request.createdAt, actor: { kind: 'agent' }, type: 'lapsed' }
  const texts = [
    { name: 'action', text: canonicalAction({ ...action, params }) },
    { name: 'owner', text: 'Dana <b> Diaz' },
  ]
  const story = { life: { request }, events: [{ event, texts }], exceptions: [] }
  const counts = { records: 1, requests: 1, exceptions: 0, types: {} }
  const log = { origin: 'x', from: { size: 0 }, to: { size: 1, root: '' } }
  const manifest = { date: '2026-03-04', number: 1, log, counts, sealedAt: '', tool: '', files: [], policies: [] }
  // Only what the report reads.
  const given = [{ kind: 'request', story }] as unknown as Parameters<typeof htmlReport>[0]
  const exceptions = { counts: new Map(), rows: [], left: 0 }
  const reported = { manifest, hasSaid: true, exceptions } as unknown as Parameters<typeof htmlReport>[1]
  let page = ''
  for await (const part of htmlReport(given, reported)) page += part
  expect(page).toContain(
    '<p class="run">Will run: <code>/usr/bin/pg_dump customers &#39;a b&#39; &#39;&lt;/code&gt;⟦U+202E⟧&#39;</code> in <code>/srv</code></p>',
  )
  expect(page).toContain('<dt>its owner</dt><dd>Dana &lt;b&gt; Diaz</dd>')
  const at = (text: string) => page.indexOf(text)
  expect(at('<h2>db.export')).toBeLessThan(at('<p class="run">'))
  expect(at('<p class="run">')).toBeLessThan(at('<dt>request</dt>'))
})

describe('the account of a talk', () => {
  const at = request.createdAt
  const person = (id: string) => ({ kind: 'person', id })
  const facts = { groups: ['dba'] }
  const events = [
    {
      type: 'asked',
      actor: person('p1'),
      data: { via: 'api', facts },
      said: { name: 'Dana', question: 'Why <all>\u202e?' },
    },
    { type: 'answered', actor: { kind: 'agent', id: 'b1' }, data: { question: 'f00' }, said: { answer: '=1+1' } },
    {
      type: 'glass-broken',
      actor: person('p2'),
      data: { via: 'api', facts, reviewBy: at },
      said: { name: 'Erin', reason: 'The site is down.' },
    },
    { type: 'reviewed', actor: person('p1'), data: { finding: 'unjustified' }, said: { reason: 'It could wait.' } },
  ].map(({ said, ...event }, seq) => ({
    event: { ...event, at, seq },
    texts: Object.entries(said).map(([name, text]) => ({ name, text })),
  }))
  // Only what an account reads.
  const story = { life: { request }, events, exceptions: [] } as unknown as Parameters<typeof accountOf>[0]

  test('has the words of people and agents, each with who said them', () => {
    const { steps } = accountOf(story)
    expect(steps.map(({ who, words }) => [who, words])).toEqual([
      ['Dana (p1)', 'Why <all>\u202e?'],
      ['b1', '=1+1'],
      ['Erin (p2)', 'The site is down.'],
      ['p1', 'It could wait.'],
    ])
    expect(steps[2]?.what).toContain('broke the glass')
    expect(steps[3]?.what).toContain('unjustified')
  })

  test('without the said file has what happened, and no words', () => {
    const unsaid = events.map(({ event }) => ({ event }))
    const { steps } = accountOf({ ...story, events: unsaid } as never)
    expect(steps.map(({ words }) => words)).toEqual([undefined, undefined, undefined, undefined])
  })

  test('is a column of the table, with hidden characters named', async () => {
    let table = ''
    const chapters = [{ kind: 'request', story }] as unknown as Parameters<typeof csvReport>[0]
    for await (const part of csvReport(chapters, {} as never)) table += part
    expect(table).toContain(',questions\r\n')
    expect(table).toContain('Why <all>⟦U+202E⟧?')
    expect(table).not.toContain('\u202e')
  })
})
