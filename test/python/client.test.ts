import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { python as ourPython } from '../support/python.ts'
import { isWhole } from '../support/whole.ts'
import { type Service, startService } from './service.ts'

/** Any Python from 3.9 on runs the client. */
const python = process.env['PYTHON'] ?? ourPython ?? 'python3'

const files = readdirSync(import.meta.dirname).filter((name) => /^test_\w+\.py$/.test(name))

/** Files that start many programs: `npm test` does without them. */
const slow = ['test_crash.py', 'test_package.py']

let service: Service
beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.close())

/** Runs a file of tests. The service is in this process, which therefore must not block. */
function runTests(file: string): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((done) => {
    const env = { ...process.env, COUNTERSIGN_TEST_URL: service.url, PYTHONWARNINGS: 'error::ResourceWarning' }
    const child = spawn(python, [join(import.meta.dirname, file)], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let output = ''
    child.stderr.setEncoding('utf8').on('data', (more: string) => (output += more))
    child.on('error', (error) => (output += String(error)))
    child.on('close', (code) => done({ code, output }))
  })
}

test.each(files.filter((name) => isWhole || !slow.includes(name)))('the Python client passes %s', async (file) => {
  const { code, output } = await runTests(file)
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/^Ran [1-9]\d* tests? .*\n\nOK\n$/m) })
})
