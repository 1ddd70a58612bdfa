import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Stack, startStack } from '../support/stack.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.stop())

/** The shell blocks of the README's walk, one after the other, on the ports of this stack. */
function walk(): string {
  const [, section = ''] = readFileSync('README.md', 'utf8').split('\n## A five-minute walk\n')
  const [text = ''] = section.split('\n## ')
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block)
  return blocks
    .join('\n')
    .replaceAll('http://127.0.0.1:7071', stack.api)
    .replaceAll('http://127.0.0.1:9400', stack.identity)
}

test('the walk in the README works word for word', async () => {
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', walk()], {
    env: { ...process.env, COUNTERSIGN_DATA: stack.data, TMPDIR: stack.data },
  })
  let said = ''
  let complained = ''
  shell.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  shell.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()))
  const code = await new Promise((done) => shell.once('close', done))
  expect({ code, complained: code === 0 ? '' : complained }).toEqual({ code: 0, complained: '' })
  const lines = said.split('\n')
  const expected = [
    'pending',
    'self-approval',
    'Quarterly churn report for finance, ticket FIN-881',
    'approved',
    'execute',
    'succeeded',
  ]
  expect(lines.slice(0, expected.length)).toEqual(expected)
  const events = lines.filter((line) => line.startsWith('{"actor"')).map((line) => JSON.parse(line).type as string)
  expect(events).toEqual(['requested', 'decided', 'approved', 'redeemed', 'succeeded'])
  expect(lines).toContain('the dump would run now')
  expect(said).toMatch(/the stack's clock shows/)
  expect(said).toMatch(/ is sealed: bundle \d+, [1-9]\d* records/)
  expect(said.match(/^VERIFIED /gm)).toHaveLength(2)
})
