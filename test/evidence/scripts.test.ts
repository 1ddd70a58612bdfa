import { createPublicKey } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { sha256 } from '../../src/core/data/id.ts'
import type { Manifest } from '../../src/core/log/manifest.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { someOf } from '../support/whole.ts'
import { resign, signingKey } from './bundle.ts'
import { day, history, sealer, unzipped } from './days.ts'
import { bundles, evidence, run, scripts } from './scripts.ts'

const made = bundles()
afterAll(() => made.clean())

const checksOf = { 'verify.sh': 4, 'verify.py': 6 } as const

describe.each(scripts)('%s', (script) => {
  const intact = { status: 0, held: checksOf[script], verified: true, complaint: '' }

  const days = [
    ['no records', 1, made.logKey],
    ['one record', 2, made.logKey],
    ['seven records, one carried', 3, made.logKey],
    ['twenty records, two carried', 4, made.logKey],
    ['a key rotation, by the old key', 5, made.logKey],
    ['a key rotation, by the new key', 5, made.newKey],
    ['no records in a log that has some', 6, made.newKey],
    ['three hundred records, after a key rotation', 7, made.newKey],
  ] as const

  test.each(someOf(days, ([what]) => /rotation|records?$/.exec(what)?.[0]))(
    'verifies a day with %s',
    async (_what, number, key) => {
      expect(await run(script, key, made.of(number))).toEqual(intact)
    },
  )

  test.each([
    ['without the key', join(made.folder, 'none.pem'), made.of(2)],
    ['with a file that is no key', join(made.of(2), 'README.txt'), made.of(2)],
    ['without the folder', made.logKey, join(made.folder, 'none')],
  ])('reports that it cannot run %s', async (_what, key, folder) => {
    expect(await run(script, key, folder)).toMatchObject({ status: 2, held: 0, verified: false })
  })
})

test('the verifier accepts the bundles of another program', async () => {
  const keys = [made.logKey, made.newKey].map((file) =>
    createPublicKey(readFileSync(file)).export({ type: 'spki', format: 'der' }),
  )
  for (const number of [1, 2, 3, 4, 5, 6, 7]) {
    const { problem, manifest } = await verifyBundle(`${made.of(number)}.zip`, { keys })
    expect({ number: manifest?.number, problem }).toEqual({ number, problem: undefined })
  }
})

test('both scripts accept the bundles that the service seals', async () => {
  const { ledger } = await history()
  const spool = join(made.folder, 'spool')
  mkdirSync(spool)
  const { parts, archive } = await sealer({ ledger, spool })
  const files = new Map(['README.txt', ...scripts].map((name) => [name, readFileSync(join(evidence, name))]))
  const sealed = await new Sealing({ ...parts, files }).run()
  expect(sealed).toEqual(expect.arrayContaining([day(4), day(5)]))
  const key = join(made.folder, 'ours.pem')
  // The days with the most records and with carried ones.
  for (const date of [day(4), day(5)]) {
    const members = await unzipped(archive, date)
    const folder = made.copy(new Map(members))
    writeFileSync(key, [...members].find(([name]) => name.startsWith('keys/'))?.[1] ?? '')
    for (const script of scripts) expect(await run(script, key, folder)).toMatchObject({ status: 0, complaint: '' })
  }
})

test('only the first bundle may contain events that a slow clock dated earlier', async () => {
  const { ledger } = await history()
  const spool = join(made.folder, 'early')
  mkdirSync(spool)
  const { signer, key, pem } = await signingKey()
  const late = await sealer({ ledger, spool, signer, seals: new MemorySeals(day(5)) })
  const files = new Map(['README.txt', ...scripts].map((name) => [name, readFileSync(join(evidence, name))]))
  await new Sealing({ ...late.parts, files }).run()
  const file = join(made.folder, 'early.pem')
  writeFileSync(file, pem)
  const members = new Map(await unzipped(late.archive, day(5)))
  expect(members.get('records.jsonl')?.toString()).toContain(`"at":"${day(4)}`)
  expect(await run('verify.py', file, made.copy(members))).toMatchObject({ status: 0, complaint: '' })
  const forgeries: ((manifest: Manifest) => Manifest)[] = [
    (old) => ({ ...old, date: day(4) }),
    (old) => ({ ...old, number: 2, previousManifest: sha256('') }),
  ]
  for (const forge of forgeries)
    expect(await run('verify.py', file, made.copy(resign(members, key, forge)))).toMatchObject({
      status: 1,
      complaint: expect.stringContaining('of another day') as string,
    })
})
