import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ObjectId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { archivePolicy } from '../../src/evidence/seal/archivePolicy.ts'
import { saidOf } from '../../src/evidence/read/saidExport.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { cards, templates } from '../cards/drawn.ts'
import { folder, membersOf, signingKey, zipName } from '../evidence/bundle.ts'
import { at, day, sealer } from '../evidence/days.ts'
import { action, bot, dba, dba2, owner, runner, security } from '../support/build.ts'
import { root } from '../support/root.ts'
import { asks, votes, world } from '../support/world.ts'
import { buildProgram, joined, type Program } from './program.ts'

let program: Program
const place = folder()
let bundle = ''
let said = ''
let pem = ''
let request: ApprovalRequest
/** The cards as approvers got them, in order. */
const got: object[] = []

/** The example policy with people whom the test's directory has. */
function aPolicy(): string {
  const own = mkdtempSync(join(place.path, 'policy-'))
  for (const name of readdirSync(join(root, 'policy')).filter((name) => name.includes('.')))
    cpSync(join(root, 'policy', name), join(own, name))
  const ids: readonly (readonly [string, ObjectId])[] = [
    ['c0000000-0000-4000-8000-000000000001', dba],
    ['c0000000-0000-4000-8000-000000000002', dba2],
    ['c0000000-0000-4000-8000-000000000003', security],
    ['c0000000-0000-4000-8000-000000000005', owner],
    ['b0000000-0000-4000-8000-000000000001', bot],
    ['b0000000-0000-4000-8000-000000000002', runner],
  ]
  const file = join(own, 'approvers.json')
  writeFileSync(
    file,
    ids.reduce((text, [from, to]) => text.replaceAll(from, to), readFileSync(file, 'utf8')),
  )
  return own
}

beforeAll(async () => {
  program = await buildProgram()
  // The version that sealed the day had fewer templates than this one.
  const policy = await loadPolicy(aPolicy(), new Map([...templates].filter(([name]) => !name.startsWith('batch'))))
  const { version } = policy
  const presentation = policy.presentation('db.export')
  const here = await world((_action, question) => policy.judge(question!), {
    ...{ version, agents: policy.agents(), groups: policy.groups(), people: [] },
    ...(presentation && { presentations: { 'db.export': presentation } }),
  })
  const { approvals, clock, ledger } = here
  clock.set(at(4, '12:00:00'))
  const reason = '<b>Quarterly</b> \u202ereport {{DATE(2020-01-01T00:00:00Z)}}'
  const asked = await approvals.ask(asks({ agent: policy.agent(bot)!, action, reason }))
  const look = async (approver: ObjectId) => {
    const { request, view } = await approvals.review(asked.request.id, approver, {
      ...{ page: 1, template: cards.template, via: 'teams' },
    })
    got.push(cards.review(request, { approver, page: 1, via: 'teams' }))
    return view!
  }
  const view = await look(dba)
  clock.set(at(4, '12:01:00'))
  await approvals.decide(asked.request.id, votes(asked.request, dba, { seen: { via: 'teams', view }, reason: 'Fine.' }))
  await look(security)
  request = asked.request
  const { signer, pem: key } = await signingKey()
  const one = await sealer({ ledger, spool: place.path, signer })
  await archivePolicy(one.archive, policy)
  await one.run()
  expect(one.failures).toEqual([])
  bundle = place.write(zipName(day(4)), Buffer.from((await one.archive.read(`bundles/${day(4)}.zip`)) ?? []))
  let texts = ''
  for await (const line of await saidOf({ ledger, seals: one.seals, clock: one.clock }, day(4))) texts += line
  said = place.write('said-2026-03-04.jsonl', texts)
  pem = place.write('log.pem', key)
})
afterAll(() => {
  program.end()
  place.clean()
})

/** Puts the other programs beside the command, as they are installed. */
const install = () => {
  for (const name of ['policy.cjs', 'cedar_wasm_bg.wasm', 'cards.cjs'])
    copyFileSync(join(root, 'dist', name), join(program.folder, name))
}

const run = (...args: readonly string[]) => program.run(args)
const view = (out: string, ...args: readonly string[]) =>
  run('view', bundle, request.id, '--said', said, '--out', out, '--key', pem, ...args)

test('without the programs beside it, view says which are missing, and a report that it does not draw', async () => {
  const ended = await view(join(place.path, 'none'))
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 78, stdout: '' })
  expect(joined(ended.stderr)).toContain('policy.cjs and cedar_wasm_bg.wasm and cards.cjs')
  const out = join(place.path, 'plain.html')
  const reported = await run('report', bundle, '--key', pem, '--said', said, '--out', out)
  expect(reported.code).toBe(0)
  expect(joined(reported.stdout)).toContain('not drawn')
})

describe('with them', () => {
  beforeAll(install)

  test('view draws the very cards that approvers got, and names the view that the log has', async () => {
    const out = join(place.path, 'views')
    const { code, stdout } = await view(out, '--json')
    const { views } = JSON.parse(stdout) as {
      views: { seq: number; notes: string[]; view: string; approver: string }[]
    }
    expect({ code, views }).toMatchObject({ code: 0, views: [{ approver: dba, notes: [] }, { approver: security }] })
    for (const [i, { seq }] of views.entries()) {
      const card = readFileSync(join(out, `${request.id}-${seq}.card.json`), 'utf8')
      expect(JSON.parse(card)).toEqual(JSON.parse(JSON.stringify(got[i])))
    }
    const html = readFileSync(join(out, `${request.id}-${views[0]?.seq}.html`), 'utf8')
    for (const part of [
      views[0]?.view ?? '',
      '&lt;b&gt;Quarterly&lt;/b&gt;',
      '⟦U+202E⟧',
      '120,000',
      's3://finance-exports',
    ])
      expect(html).toContain(part)
    expect(html).toContain('{{DATE(2020')
    expect(html).not.toMatch(/\{\{TIME|<script|<b>Quarterly|\u202e|\u200b|<pre>/)
    expect(html).toMatch(/2026-03-04 13:00:00 UTC/)
    const shown = await view(out)
    expect(joined(shown.stdout)).toContain('page 1 of 1 of view sha256:')
  })

  test('the report has what each approver was shown', async () => {
    const out = join(place.path, 'report.html')
    expect((await run('report', bundle, '--key', pem, '--said', said, '--out', out)).code).toBe(0)
    const html = readFileSync(out, 'utf8')
    expect(html.match(/<details><summary>What was shown/g)).toHaveLength(2)
    expect(html).toContain('&lt;b&gt;Quarterly&lt;/b&gt;')
  })

  test('what was erased is named, and a page without its action is not drawn', async () => {
    const rest = (gone: string) =>
      readFileSync(said, 'utf8')
        .split('\n')
        .filter((line) => !line.includes(`"name":"${gone}"`))
    const without = place.write('without-reason.jsonl', rest('reason').join('\n'))
    const out = join(place.path, 'less')
    const { code, stdout } = await run('view', bundle, request.id, '--said', without, '--out', out)
    expect(code).toBe(0)
    expect(joined(stdout)).toContain('not given, or erased since: reason of “requested”')
    const none = place.write('without-action.jsonl', rest('action').join('\n'))
    const ended = await run('view', bundle, request.id, '--said', none, '--out', join(place.path, 'least'))
    expect(ended.code).toBe(2)
    expect(joined(ended.stdout)).toContain('NOT DRAWN')
  })

  test('a template that is not the recorded one is refused', async () => {
    const members = await membersOf(readFileSync(bundle))
    const name = `cards/${cards.template}.json`
    members.set(name, Buffer.from((members.get(name)?.toString() ?? '').replace('Input.Text', 'Input.Toggle')))
    const changed = await place.zip(members, 'changed.zip')
    const args = ['view', changed, request.id, '--said', said, '--out', join(place.path, 'changed'), '--json']
    const ended = await run(...args)
    expect({ code: ended.code, record: JSON.parse(ended.stdout) as object }).toMatchObject({
      code: 1,
      record: { problem: { code: 'wrong-digest' } },
    })
  })

  test('a text that is not the one of the log is refused', async () => {
    const other = place.write('other.jsonl', readFileSync(said, 'utf8').replace('120000', '12'))
    const ended = await run('view', bundle, request.id, '--said', other, '--out', join(place.path, 'other'), '--json')
    expect({ code: ended.code, record: JSON.parse(ended.stdout) as object }).toMatchObject({
      code: 1,
      record: { problem: { code: 'bad-said' } },
    })
    expect(readdirSync(place.path)).not.toContain('other')
  })
})
