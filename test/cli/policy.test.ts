import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { quickCedar } from '../support/quickCedar.ts'
import { root } from '../support/root.ts'
import { type Double, ok, problem, request, startDouble } from './double.ts'
import { buildProgram, type Program } from './program.ts'

/** As it is built: the command, with the program for policies and Cedar beside it. */
const installed = join(root, 'dist/countersign.cjs')
const example = join(root, 'policy')

let service: Double
let alone: Program
beforeAll(async () => {
  alone = await buildProgram()
  service = await startDouble()
})
afterAll(async () => {
  alone.end()
  await service.end()
})

function countersign(...args: string[]) {
  const env = { PATH: process.env['PATH'], COUNTERSIGN_URL: service.url, COUNTERSIGN_TOKEN: 'header.payload.signature' }
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, [quickCedar, installed, 'policy', ...args], { env }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

test('the example passes its tests, in the command as it is installed', async () => {
  const { code, stdout, stderr } = await countersign('test', example, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ exit: 0, ok: true })
})

test('a replay asks the service as the person who is signed in', async () => {
  service.reset()
  service.answer('unknown', ok({ requests: [request()] }))
  const { code, stdout } = await countersign('replay', example, '--from', '2026-01-01', '--to', '2026-01-31')
  expect([code, stdout]).toEqual([1, expect.stringContaining('approve by dba:1 → approve by dba:1, security:1')])
  expect(service.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    [
      '/api/requests?from=2026-01-01T00%3A00%3A00.000Z&to=2026-02-01T00%3A00%3A00.000Z&limit=100',
      'Bearer header.payload.signature',
    ],
  ])
})

test('what the service refuses is told as by every other command', async () => {
  service.reset()
  service.answer('unknown', problem(403, 'not-permitted'))
  const { code, stderr } = await countersign('replay', example, '--from', '2026-01-01', '--to', '2026-01-31')
  expect([code, stderr]).toEqual([77, expect.stringContaining('Title of not-permitted: The detail. (not-permitted)')])
})

test('the command alone says which files are missing beside it', async () => {
  const { code, stderr } = await alone.run(['policy', 'check', example])
  expect(code).toBe(78)
  expect(stderr.replace(/\s+\| /g, ' ')).toContain(
    'Not installed: policy.cjs and cedar_wasm_bg.wasm. Copy it from dist/',
  )
})
