import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Day } from '../../src/core/data/day.ts'
import { signInAppId } from '../../src/local/accounts.ts'
import { membersOf, zipOf } from '../evidence/bundle.ts'
import { python } from '../support/python.ts'
import { sealedStack, type SealedStack } from './sealedStack.ts'

const program = resolve('dist/countersign.cjs')

let here: SealedStack
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  here = await sealedStack()
  await here.erase()
  await here.sealThird()
})
afterAll(async () => {
  await here.stack.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Runs a program. It is waited for without holding up this process, which has connections that may end meanwhile. */
function ran(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
    execFile(file, args, { ...options, encoding: 'utf8', maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      done({ status: error ? Number(error.code) : 0, stdout, stderr }),
    )
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
  const check = (place: string) => ran(program, [join(place, script), here.key], {})

  test.each([0, 1, 2] as const)('accepts what the stack sealed: day %i', async (day) => {
    const { status, stderr } = await check(await unpacked(here.days[day]))
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('refuses a changed record', async () => {
    const place = await unpacked(here.days[1])
    const records = await readFile(join(place, 'records.jsonl'), 'utf8')
    await writeFile(join(place, 'records.jsonl'), records.replace('"approve"', '"denying"'))
    expect(await check(place)).toMatchObject({ status: 1, stderr: expect.stringContaining('records.jsonl') })
  })
})

describe('countersign', () => {
  const bundleIn = (day: Day) => join(folder, `countersign-evidence-${day}.zip`)
  const saidIn = (day: Day) => join(folder, `said-${day}.jsonl`)
  const countersign = async (...args: string[]) => {
    const token = { COUNTERSIGN_URL: here.stack.api, COUNTERSIGN_TOKEN: await here.stack.token('compliance') }
    const env = { PATH: process.env['PATH'], ...(args[0] === 'download' && token) }
    return ran(process.execPath, [program, ...args], { cwd: folder, env })
  }

  test('downloads a day, both files', async () => {
    for (const day of here.days) {
      const { status, stderr } = await countersign('download', day)
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
      expect(await readFile(bundleIn(day))).toEqual(await here.download(`bundles/${day}`))
      expect(await readFile(saidIn(day))).toEqual(await here.download(`said/${day}`))
    }
  })

  test.each([0, 1, 2] as const)('verifies a day, also after an erasure: day %i', async (day) => {
    const { status, stderr } = await countersign(
      'verify',
      bundleIn(here.days[day]),
      '--key',
      here.key,
      '--said',
      saidIn(here.days[day]),
    )
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('verifies all days as one series', async () => {
    expect(await countersign('verify', '--chain', folder, '--key', here.key)).toMatchObject({ status: 0 })
  })

  test('writes a report for people, and proofs of one request', async () => {
    const [bundle, said] = [bundleIn(here.days[1]), saidIn(here.days[1])]
    const report = await countersign('report', bundle, '--key', here.key, '--said', said, '--format', 'csv')
    expect(report).toMatchObject({ status: 0, stdout: expect.stringContaining('1200 rows') })
    const proofs = join(folder, 'proofs')
    expect(await countersign('prove', bundle, here.done.id, '--key', here.key, '--out', proofs)).toMatchObject({
      status: 0,
    })
    const files = await readdir(proofs)
    expect(files).toHaveLength(5)
    for (const file of files)
      expect(await countersign('verify-proof', join(proofs, file), '--key', here.key)).toMatchObject({ status: 0 })
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
    expect(await countersign('verify', changed, '--key', here.key)).toMatchObject({ status: 1 })
    const said = join(folder, 'changed.jsonl')
    await writeFile(said, (await readFile(saidIn(here.days[1]), 'utf8')).replace('1200 rows', '1201 rows'))
    expect(await countersign('verify', bundleIn(here.days[1]), '--key', here.key, '--said', said)).toMatchObject({
      status: 1,
    })
  })
})
