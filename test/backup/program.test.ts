import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseRestoreOptions } from '../../src/operate/restoreOptions.ts'
import { callable, type Ended } from '../support/called.ts'
import { root } from '../support/root.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { inWhole } from '../support/whole.ts'

const program = join(root, 'dist/operate/restore.cjs')

const call = callable(program)

/** Calls the program in this process. */
const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  call(args, { cwd: root, env: { HOME: tmpdir(), ...env } })

/** Runs the program as `npm run restore` does. */
function started(args: readonly string[]): Promise<Omit<Ended, 'code'> & { readonly code: number }> {
  const options = { env: { PATH: process.env['PATH'] ?? '', HOME: tmpdir() }, cwd: root }
  return new Promise((done) => {
    execFile(process.execPath, [program, ...args], options, (cause, stdout, stderr) =>
      done({ code: cause === null ? 0 : Number(cause.code), stdout, stderr }),
    )
  })
}

describe('the command line', () => {
  test.each<[string, readonly string[], string]>([
    ['an option that there is not', ['--all'], '--all'],
    ['a day that does not exist', ['--until', '2026-02-30'], '--until'],
    ['two things at once', ['--list', '--check'], '--list and --check'],
    ['an address with a path', ['--from', 'https://a.example/blobs'], '--from'],
    ['an address and the local stack', ['--from', 'https://a.example', '--local', 'x'], '--local'],
    ['something beside options', ['now'], 'now'],
  ])('is refused with a remedy: %s', (_what, args, named) => {
    const words: unknown = expect.stringMatching(new RegExp(`${named}.*--help`))
    expect(() => parseRestoreOptions(args)).toThrow(expect.objectContaining({ status: 78, message: words }))
  })

  test('that is refused ends the program', async () => {
    const { code, stdout, stderr } = await started(['--all'])
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' })
    expect(stderr).toMatch(/--all.*--help/)
  })

  test('is explained by --help, which needs no setting', async () => {
    const { code, stdout, stderr } = await run(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const words of ['--list', '--check', '--until DATE', '--from URL', '--local FOLDER', '--json', 'Exit codes'])
      expect(stdout).toContain(words)
  })

  test('without a setting gets its name, in words and as JSON', async () => {
    expect(await run([])).toMatchObject({ code: 78, stderr: expect.stringContaining('COUNTERSIGN_ORIGIN') as unknown })
    const { code, stdout } = await run(['--json'])
    expect({ code, record: JSON.parse(stdout) as unknown }).toMatchObject({
      ...{ code: 78, record: { exit: 78, error: { words: expect.stringContaining('COUNTERSIGN_ORIGIN') as unknown } } },
    })
  })

  test('is refused if no stack has run on its folder', async () => {
    const env = { COUNTERSIGN_DATA: join(tmpdir(), `countersign-${randomUUID()}`) }
    const { code, stderr } = await run(['--local', join(tmpdir(), 'countersign-never')], env)
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('No stack has run') as unknown })
    expect(existsSync(join(tmpdir(), 'countersign-never'))).toBe(false)
  })
})

describe('the local stack, restored into a new folder', () => {
  let folder: string
  let stack: Stack | null = null
  const inFolder = (name: string) => join(folder, name)
  const env = () => ({ COUNTERSIGN_DATA: inFolder('data') })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  })
  afterAll(async () => {
    await stack?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function begun(name: string): Promise<Stack> {
    await stack?.stop()
    const options = { data: inFolder(name), env: { COUNTERSIGN_BACKUP: 'on' }, args: ['--no-timers'], ownStorage: true }
    stack = await startStack(options)
    return stack
  }

  const approve = (on: Stack, { id, digest }: Answer['body']) =>
    on.call('dba-1', `/api/requests/${id}/decisions`, { verdict: 'approve', digest })

  const redemption = async (on: Stack, { id, digest }: Answer['body']) => {
    const { body } = await on.call('deploy-bot', `/api/requests/${id}`)
    return { grant: body.grant.token, digest, redemption: randomUUID() }
  }

  let pending: Answer['body']
  let granted: Answer['body']

  test('has a snapshot after sealing, which can be listed and checked', async () => {
    const one = await begun('data')
    await one.call('deploy-bot', '/api/requests', wish())
    await one.local('advance', '1d')
    ;({ body: pending } = await one.call('deploy-bot', '/api/requests', wish()))
    ;({ body: granted } = await one.call('deploy-bot', '/api/requests', wish()))
    expect((await approve(one, granted)).status).toBe(200)
    expect(await one.local('seal')).toMatch(/is sealed: bundle 1[^]*a snapshot was kept: \d+ files/)
    expect((await run(['--local', inFolder('copy')], env())).code).toBe(78)
    await one.stop()
    stack = null
    const { code, stdout } = await run(['--list', '--json', '--local', inFolder('copy')], env())
    const { days } = JSON.parse(stdout) as { days: { events: number; sealed: number }[] }
    expect({ code, days }).toMatchObject({ code: 0, days: [{ sealed: 1 }] })
    const checked = await run(['--check', '--json', '--local', inFolder('copy')], env())
    expect({ code: checked.code, record: JSON.parse(checked.stdout) as unknown }).toMatchObject({
      ...{ code: 0, record: { checked: { events: days[0]?.events, sealed: 1 } } },
    })
    expect(existsSync(inFolder('copy'))).toBe(false)
  })

  test('has the same requests, and goes on', async () => {
    const { code, stdout, stderr } = await run(['--local', inFolder('copy')], env())
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('complete: the service may be started')
    const again = await run(['--json', '--local', inFolder('copy')], env())
    expect({ code: again.code, record: JSON.parse(again.stdout) as unknown }).toMatchObject({
      ...{ code: 1, record: { exit: 1, error: { code: 'not-empty' } } },
    })
    const copy = await begun('copy')
    expect((await copy.call('compliance', '/api/evidence/bundles')).body.bundles).toHaveLength(1)
    expect((await approve(copy, pending)).body.status).toBe('approved')
    const used = await copy.call('deploy-bot', `/api/requests/${granted.id}/redeem`, await redemption(copy, granted))
    expect(used).toMatchObject({ status: 200, body: { next: 'execute' } })
  })

  inWhole(() => {
    test('lacks events after the snapshot, which are listed, and can only be read', async () => {
      const one = await begun('data')
      const body = await redemption(one, granted)
      expect((await one.call('deploy-bot', `/api/requests/${granted.id}/redeem`, body)).status).toBe(200)
      await one.stop()
      stack = null
      const { code, stdout } = await run(['--json', '--local', inFolder('older')], env())
      const { restored } = JSON.parse(stdout) as { restored: { lost: object[]; ends: object[] } }
      expect(code).toBe(3)
      expect(restored.ends).toMatchObject([{ request: granted.id, act: 'redeemed' }])
      expect(restored.lost).toHaveLength(1)
      const older = await begun('older')
      expect((await older.call('compliance', `/api/requests/${granted.id}`)).body.status).toBe('approved')
      expect((await older.call('compliance', '/api/health')).body).toMatchObject({
        status: 'failing',
        lost: restored.lost,
      })
      expect(await approve(older, pending)).toMatchObject({ status: 503, body: { code: 'read-only' } })
      expect(await older.call('deploy-bot', '/api/requests', wish())).toMatchObject({
        ...{ status: 503, body: { code: 'read-only' } },
      })
    })
  })
})
