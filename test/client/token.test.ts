import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Unreachable } from '../../src/client/failure.ts'
import { tokenSource } from '../../src/client/token.ts'

test('a command may fail to print a token while the last one has not expired', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-token-'))
  let now = Date.now()
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now)
  try {
    const file = join(folder, 'once')
    const command = `test -e ${file} && exit 1; touch ${file}; echo opaque`
    const environment = { PATH: process.env['PATH'] }
    const token = tokenSource({ kind: 'command', command, environment }, { seconds: 0, queue: 0 })
    expect(await token(false)).toBe('opaque')
    now += 250_000
    expect(await token(false)).toBe('opaque')
    await expect(token(true)).rejects.toThrow(Unreachable)
    now += 51_000
    await expect(token(false)).rejects.toThrow(Unreachable)
  } finally {
    clock.mockRestore()
    rmSync(folder, { recursive: true })
  }
})
