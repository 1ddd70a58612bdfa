import { execFile } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Day } from '../../src/core/data/day.ts'
import { signInAppId } from '../../src/local/accounts.ts'
import { membersOf, zipOf } from '../evidence/bundle.ts'
import { callable } from '../support/called.ts'
import { python } from '../support/python.ts'
import { root } from '../support/root.ts'
import { someOf } from '../support/whole.ts'
import { sealedStack, type SealedStack } from './sealedStack.ts'

const program = callable(resolve('dist/countersign.cjs'))

let here: SealedStack
let folder: string
/** A request of the third day that was approved on a view. */
let seen: { readonly id: string; readonly view: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  here = await sealedStack()
  await here.erase()
  seen = await seenAndApproved()
  await here.sealThird()
})
afterAll(async () => {
  await here.stack.stop()
  await rm(folder, { recursive: true, force: true })
})

async function seenAndApproved(): Promise<typeof seen> {
  const { stack } = here
  const { id } = await here.ask()
  const { view } = (await stack.call('dba-1', `/api/requests/${id}/views`, {})).body
  const vote = await stack.call('dba-1', `/api/requests/${id}/decisions`, { verdict: 'approve', view })
  expect(vote).toMatchObject({ status: 200, body: { status: 'approved' } })
  return { id, view }
}

/** Runs a script. It is waited for without holding up this process, which has connections that may end meanwhile. */
function ran(file: string, args: readonly string[]) {
  return new Promise<{ code: number; stderr: string }>((done) => {
    execFile(file, args, (error, _stdout, stderr) => done({ code: error ? Number(error.code) : 0, stderr }))
  })
}

async function unpacked(day: Day): Promise<string> {
  const place = join(folder, day)
  for (const [name, bytes] of await membersOf(await here.download(`bundles/${day}`))) {
    await mkdir(dirname(join(place, name)), { recursive: true })
    await writeFile(join(place, name), bytes)
  }
  return place
}

describe.each([
  ['verify.sh', 'bash'],
  ['verify.py', python ?? 'python3'],
])('%s from inside the bundle', (script, program) => {
  const check = (place: string) => ran(program, [join(place, script), here.key])

  test.each(someOf([1, 0, 2] as const))('accepts what the stack sealed: day %i', async (day) => {
    const { code, stderr } = await check(await unpacked(here.days[day]))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('refuses a changed record', async () => {
    const place = await unpacked(here.days[1])
    const records = await readFile(join(place, 'records.jsonl'), 'utf8')
    await writeFile(join(place, 'records.jsonl'), records.replace('"approve"', '"denying"'))
    expect(await check(place)).toMatchObject({ code: 1, stderr: expect.stringContaining('records.jsonl') })
  })
})

describe('countersign', () => {
  const bundleIn = (day: Day) => join(folder, `countersign-evidence-${day}.zip`)
  const saidIn = (day: Day) => join(folder, `said-${day}.jsonl`)
  const countersignAs = async (who: string, ...args: string[]) => {
    const token = { COUNTERSIGN_URL: here.stack.api, COUNTERSIGN_TOKEN: await here.stack.token(who) }
    return program(args, { cwd: folder, ...(online.has(args[0] ?? '') && { env: token }) })
  }
  const online = new Set(['download', 'list', 'events', 'erase', 'days', 'policy'])
  const countersign = (...args: string[]) => countersignAs('compliance', ...args)

  test('downloads a day, both files', async () => {
    for (const day of here.days) {
      const { code, stderr } = await countersign('download', day)
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      expect(await readFile(bundleIn(day))).toEqual(await here.download(`bundles/${day}`))
      expect(await readFile(saidIn(day))).toEqual(await here.download(`said/${day}`))
    }
  })

  test.each([0, 1, 2] as const)('verifies a day, and counts what a later day erased: day %i', async (day) => {
    const files = [bundleIn(here.days[day]), '--key', here.key, '--said', saidIn(here.days[day])]
    const { code, stderr } = await countersign('verify', ...files, '--allow-unexplained')
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    const alone = await countersign('verify', ...files)
    expect(alone).toMatchObject(day === 1 ? { code: 2, stderr: expect.stringContaining('unexplained') } : { code: 0 })
  })

  test('verifies all days as one series', async () => {
    expect(await countersign('verify', '--chain', folder, '--key', here.key)).toMatchObject({ code: 0 })
  })

  test('writes a report for people, and proofs of one request', async () => {
    const [bundle, said] = [bundleIn(here.days[1]), saidIn(here.days[1])]
    const report = await countersign(
      'report',
      bundle,
      '--key',
      here.key,
      '--said',
      said,
      '--allow-unexplained',
      '--format',
      'csv',
    )
    expect(report).toMatchObject({ code: 0, stdout: expect.stringContaining('1200 rows') })
    const proofs = join(folder, 'proofs')
    expect(await countersign('prove', bundle, here.done.id, '--key', here.key, '--out', proofs)).toMatchObject({
      code: 0,
    })
    const files = (await readdir(proofs)).filter((name) => name !== 'index.html')
    expect(files).toHaveLength(5)
    expect(await countersign('verify-proof', proofs, '--key', here.key)).toMatchObject({ code: 0 })
    for (const file of files)
      expect(await countersign('verify-proof', join(proofs, file), '--key', here.key)).toMatchObject({ code: 0 })
  })

  test('answers which exports there were, who approved them, and what they saw, by three commands', async () => {
    const [from, to] = [here.days[0], here.days[2]]
    const exports = ['--action', 'db.export', '--target', '*customers*']
    const listed = await countersign('list', '--from', from, '--to', to, ...exports, '--json')
    expect(listed.code).toBe(0)
    const { requests } = JSON.parse(listed.stdout) as {
      requests: { id: string; approvals: { decisions: { approver: string; name: string }[] } }[]
    }
    const one = requests.find(({ id }) => id === seen.id)
    expect(one?.approvals.decisions).toMatchObject([
      { approver: expect.any(String) as string, name: expect.any(String) as string },
    ])
    const latest = join(folder, 'latest')
    expect(await countersign('download', '--latest', '--out', latest)).toMatchObject({ code: 0 })
    const bundle = join(latest, `countersign-evidence-${to}.zip`)
    const texts = ['--said', join(latest, `said-${to}.jsonl`), '--key', here.key, '--out', join(folder, 'views')]
    const { code, stdout } = await countersign('view', bundle, seen.id, ...texts, '--json')
    const { views } = JSON.parse(stdout) as { views: { files: string[] }[] }
    expect({ code, views }).toMatchObject({
      code: 0,
      views: [{ approver: one?.approvals.decisions[0]?.approver, view: seen.view, notes: [] }],
    })
    const page = await readFile(views[0]?.files.find((file) => file.endsWith('.html')) ?? '', 'utf8')
    // A long target in a title ends its line where it may.
    expect(page.replace(/\s+/g, '')).toContain('prod/postgres/customers')
  })

  test('replays what was asked by a draft of the policy, and lists what the draft answers in another way', async () => {
    const range = ['--from', here.days[0], '--to', here.days[2]]
    const replayed = async (draft: string) => {
      const { code, stdout } = await countersign('policy', 'replay', draft, ...range, '--json')
      return { code, record: JSON.parse(stdout) as { differences: { id: string; kind: string }[] } }
    }
    const draft = join(folder, 'draft')
    await cp(join(root, 'policy'), draft, { recursive: true })
    expect(await replayed(draft)).toEqual({ code: 0, record: { exit: 0, judged: 3, erased: 0, differences: [] } })

    const targetOf = async (id: string): Promise<string> =>
      (await here.stack.call('compliance', `/api/requests/${id}`)).body.target
    const exporting = 'principal, action == Action::"db.export", resource'
    const [allowed, refused] = [await targetOf(seen.id), await targetOf(here.done.id)]
    const approve = await readFile(join(draft, 'approve.cedar'), 'utf8')
    const exempt = approve.replace(/(@id\("export-needs-dba"\)[^;]*);/, `$1 unless { context.target == "${allowed}" };`)
    await writeFile(join(draft, 'approve.cedar'), exempt)
    const isOne = (target: string) => `when { context.target == "${target}" };`
    await appendFile(join(draft, 'allow.cedar'), `@id("one-free") permit (${exporting}) ${isOne(allowed)}`)
    await appendFile(join(draft, 'forbid.cedar'), `@id("one-never") forbid (${exporting}) ${isOne(refused)}`)
    // The one that is refused was asked a day before the one that is allowed, which has to come first all the same.
    expect(await replayed(draft)).toMatchObject({
      code: 1,
      record: {
        ...{ exit: 1, judged: 3, erased: 0 },
        differences: [
          { id: seen.id, kind: 'allowed', before: 'approve by dba:1', after: 'allow', rules: ['one-free'] },
          { id: here.done.id, kind: 'stopped', before: 'approve by dba:1', after: 'forbid', rules: ['one-never'] },
        ],
      },
    })
  })

  test('erases what it has listed, once two people have asked', async () => {
    const args = ['erase', seen.id, '--names', 'name,reason', '--why', 'GDPR request 2026-118', '--json']
    const order = (who: string) => countersignAs(who, ...args, '--yes')
    await here.stack.local('advance', '2h')
    const unasked = await countersignAs('compliance', ...args)
    expect(unasked.code).toBe(78)
    expect(unasked.stderr.replace(/\s+\| /g, ' ')).toContain('of event')
    expect(JSON.parse((await order('compliance')).stdout)).toMatchObject({
      exit: 0,
      erasures: [{ request: seen.id, erased: [], waits: { names: ['name', 'reason'] } }],
    })
    const second = JSON.parse((await order('compliance-2')).stdout) as { erasures: { erased: object[] }[] }
    expect(second.erasures[0]?.erased.length).toBeGreaterThan(0)
    expect(JSON.parse((await order('compliance')).stdout)).toMatchObject({ exit: 0, erasures: [] })
    const { code, stdout } = await countersign('events', seen.id)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^erased /m)
    expect(stdout).not.toMatch(/^reason /m)
  })

  test("finds that a vote over HTTP names its content and the person's application", async () => {
    const members = await membersOf(await readFile(bundleIn(here.days[1])))
    const events = (members.get('records.jsonl')?.toString() ?? '')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { type: string; request?: string; data?: object })
    const vote = events.find(({ type, request }) => type === 'decided' && request === here.done.id)
    expect(vote?.data).toMatchObject({
      via: 'cli',
      client: signInAppId,
      content: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
  })

  test('refuses a changed record, and a text that was not written', async () => {
    const members = await membersOf(await readFile(bundleIn(here.days[1])))
    const records = members.get('records.jsonl')?.toString() ?? ''
    members.set('records.jsonl', Buffer.from(records.replace('"approve"', '"denying"')))
    const changed = join(folder, 'changed.zip')
    await writeFile(changed, await zipOf(members))
    expect(await countersign('verify', changed, '--key', here.key)).toMatchObject({ code: 1 })
    const said = join(folder, 'changed.jsonl')
    await writeFile(said, (await readFile(saidIn(here.days[1]), 'utf8')).replace('1200 rows', '1201 rows'))
    expect(await countersign('verify', bundleIn(here.days[1]), '--key', here.key, '--said', said)).toMatchObject({
      code: 1,
    })
  })
})
