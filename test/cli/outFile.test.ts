import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkReplaceable, OutFile } from '../../src/cli/outFile.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-out-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const refusal = (words: string) =>
  expect.objectContaining({ status: 78, message: expect.stringContaining(words) as string })

test('a file appears once it is complete, and replaces the one of its name', async () => {
  const path = join(folder, 'report.csv')
  writeFileSync(path, 'old')
  const file = new OutFile(path)
  await file.write('new')
  await file.finish()
  expect(readFileSync(path, 'utf8')).toBe('old')
  await file.complete()
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['new', ['report.csv']])
})

test('a folder of its name stays, and nothing is left beside it', async () => {
  const path = join(folder, 'report.html')
  mkdirSync(path)
  const file = new OutFile(path)
  await file.write('page')
  await expect(file.complete()).rejects.toEqual(refusal('report.html cannot be written: it is a folder.'))
  await file.discard()
  expect(readdirSync(folder)).toEqual(['report.html'])
})

test('a device is not replaced by a file', async () => {
  await expect(checkReplaceable('/dev/null')).rejects.toEqual(refusal('it is a device'))
  await expect(checkReplaceable(join(folder, 'new.csv'))).resolves.toBeUndefined()
})

test('a file that is given up at once leaves nothing', async () => {
  await new OutFile(join(folder, 'report.csv')).discard()
  expect(readdirSync(folder)).toEqual([])
})
