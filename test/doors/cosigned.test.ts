import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { spkiFromPem } from '../../src/core/log/signature.ts'
import { origin } from '../../src/local/stack.ts'
import { callable } from '../support/called.ts'
import { type Stack, startStack, wish } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { startWitness, type WitnessDouble } from '../support/witnessDouble.ts'

const program = callable(resolve('dist/countersign.cjs'))

let folder: string
let stack: Stack
let witness: WitnessDouble
let key: string
/** Seconds since 1970, by the clock of the stack. */
let now = 0
const logs: Record<string, readonly Uint8Array[]> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  witness = await startWitness({ logs, now: () => now })
  stack = await startStack({ args: ['--no-timers'], env: { COUNTERSIGN_WITNESS: witness.setting } })
  key = await stack.local('key')
  logs[origin] = [spkiFromPem(await readFile(key, 'utf8')) ?? new Uint8Array()]
})
afterAll(async () => {
  await stack?.stop()
  await witness?.close()
  await rm(folder, { recursive: true, force: true })
})

const health = async (who: string | null) => (await stack.call(who, '/api/health')).body
/** A report is given again for some seconds. */
const healthWith = (state: string) =>
  until(
    () => health('compliance'),
    ({ parts }) => parts.cosignatures === state,
  )

/** Lets a day end on which somebody asked, and says what the seal said. */
async function seal(): Promise<string> {
  await stack.call('deploy-bot', '/api/requests', wish())
  await stack.local('advance', '25h')
  now = Math.floor(
    Date.parse(
      (
        await until(
          () => health(null),
          ({ now: at }) => Date.parse(at) / 1000 > now + 3600,
        )
      ).now,
    ) / 1000,
  )
  return stack.local('seal')
}

test('a sealed day is cosigned, downloaded with its cosignature and verified with it; a fork is told, and stops nothing', async () => {
  const said = await seal()
  const [, date = ''] = /a cosignature was kept: cosignatures\/(\d{4}-\d\d-\d\d)\//.exec(said) ?? []
  expect(said).toContain(`${date} is sealed`)
  await healthWith('ok')

  const env = { COUNTERSIGN_URL: stack.api, COUNTERSIGN_TOKEN: await stack.token('compliance') }
  const fetched = await program(['download', date], { cwd: folder, env })
  expect(fetched).toMatchObject({ code: 0, stdout: expect.stringContaining('--witness KEY') })
  const { body: note } = await stack.call('compliance', `/api/evidence/cosignatures/${date}`)
  expect(await readFile(join(folder, `cosignatures-${date}.txt`), 'utf8')).toBe(note)
  const verify = (witness: string) =>
    program(['verify', `countersign-evidence-${date}.zip`, '--key', key, '--witness', witness, '--json'], {
      cwd: folder,
    })
  expect(JSON.parse((await verify(witness.key)).stdout)).toMatchObject({
    ok: true,
    cosigned: [{ witness: 'witness.example/w1' }],
  })
  const other = await startWitness({ logs, now: () => now, name: 'witness.example/w2' })
  await other.close()
  expect(await verify(other.key)).toMatchObject({ code: 1, stdout: expect.stringContaining('not-cosigned') })

  witness.believe(origin, { size: 1, root: Buffer.alloc(32, 7) })
  const next = await seal()
  expect(next).toContain('is sealed: bundle')
  expect(next).not.toContain('a cosignature was kept')
  const { status, uncosigned } = await healthWith('refused')
  expect({ status, uncosigned }).toMatchObject({
    status: 'ok',
    uncosigned: [{ witness: 'witness.example/w1', fault: 'fork' }],
  })
  expect(await health(null)).not.toHaveProperty('uncosigned')
})
