import { createPublicKey } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { sha256 } from '../../src/core/data/id.ts'
import type { Manifest } from '../../src/core/log/manifest.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { resign, signingKey } from './bundle.ts'
import { day, history, sealer, unzipped } from './days.ts'
import { edit, editEnvelope, editLines, type Members } from './forgery.ts'
import { bundles, evidence, run, scripts } from './scripts.ts'

const made = bundles()
afterAll(() => made.clean())

const checksOf = { 'verify.sh': 4, 'verify.py': 6 } as const

describe.each(scripts)('%s', (script) => {
  const intact = { status: 0, held: checksOf[script], verified: true, complaint: '' }

  test.each([
    ['no records', 1, made.logKey],
    ['one record', 2, made.logKey],
    ['seven records, one carried', 3, made.logKey],
    ['twenty records, two carried', 4, made.logKey],
    ['a key rotation, by the old key', 5, made.logKey],
    ['a key rotation, by the new key', 5, made.newKey],
    ['no records in a log that has some', 6, made.newKey],
    ['three hundred records, after a key rotation', 7, made.newKey],
  ])('verifies a day with %s', async (_what, number, key) => {
    expect(await run(script, key, made.of(number))).toEqual(intact)
  })

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

describe('a person without the key', () => {
  const flip =
    (name: string, at = 0.5) =>
    (members: Members) => {
      const bytes = members.get(name) ?? Buffer.alloc(0)
      const place = Math.floor(bytes.length * at)
      bytes[place] = (bytes[place] ?? 0) ^ 1
    }
  const other = (name: string): Buffer => readFileSync(join(made.of(3), name))

  test.each(['verify.sh', 'checkpoint', 'requests.csv'])('cannot change a byte of %s', (name) =>
    made.refuses([1, 1], flip(name)),
  )

  test.each(['keys/', 'policy/'])('cannot change a byte of a file in %s', (folder) =>
    made.refuses([1, 1], (members) => flip([...members.keys()].find((name) => name.startsWith(folder)) ?? '')(members)),
  )

  test.each([0.5, 0.96])('cannot change the byte at %d of the manifest', (at) =>
    made.refuses([0, 0], flip('manifest.sigstore.json', at)),
  )

  test.each<[string, (members: Members) => void]>([
    ['drop the records', (members) => void members.delete('records.jsonl')],
    ['add a file', (members) => void members.set('notes.txt', Buffer.from('hello'))],
    ['add a hidden file', (members) => void members.set('.hidden', Buffer.from(''))],
    ['add a folder', (members) => void members.set('more/README.txt', Buffer.from(''))],
    ['add a file with a name of two lines', (members) => void members.set('README.txt\nverify.sh', Buffer.from(''))],
    ['cut off a record', (members) => editLines(members, 'records.jsonl', (lines) => lines.slice(0, -1))],
    ['double a record', (members) => editLines(members, 'records.jsonl', ([a = '', ...rest]) => [a, a, ...rest])],
    ['bring the checkpoint of another day', (members) => void members.set('checkpoint', other('checkpoint'))],
    [
      'swap two tables',
      (members) => {
        const [requests, exceptions] = ['requests.csv', 'exceptions.csv'].map((name) => members.get(name))
        if (requests && exceptions) members.set('requests.csv', exceptions).set('exceptions.csv', requests)
      },
    ],
    [
      'bring the manifest of another day',
      (members) => void members.set('manifest.sigstore.json', other('manifest.sigstore.json')),
    ],
  ])('cannot %s', (_what, tamper) => made.refuses([1, 1], tamper))

  test.each<[string, (members: Members) => void]>([
    ['drop it', (members) => void members.delete('manifest.sigstore.json')],
    ['write a second value behind it', (members) => edit(members, 'manifest.sigstore.json', (text) => text + text)],
    ['nest it until readers give up', (members) => edit(members, 'manifest.sigstore.json', () => '['.repeat(100_000))],
    ['leave out the signature', (members) => editEnvelope(members, (e) => void (e.dsseEnvelope.signatures = []))],
    ['give another type', (members) => editEnvelope(members, (e) => void (e.dsseEnvelope.payloadType = 'text/plain'))],
    ['name another key', (members) => editEnvelope(members, (e) => void (e.verificationMaterial.publicKey.hint = 'x'))],
  ])('cannot touch the manifest: %s', (_what, tamper) => made.refuses([0, 0], tamper))

  test('cannot pass off a bundle as signed with another key', () => made.refuses([0, 0], () => undefined, made.newKey))

  test('cannot put a link in place of a member', async () => {
    const folder = made.copy()
    renameSync(join(folder, 'records.jsonl'), join(made.folder, 'elsewhere'))
    symlinkSync(join(made.folder, 'elsewhere'), join(folder, 'records.jsonl'))
    await made.refusesFolder([1, 1], folder)
  })

  test('cannot add a link to a folder', async () => {
    const folder = made.copy()
    symlinkSync(made.folder, join(folder, 'policy', 'more'))
    await made.refusesFolder([1, 1], folder)
  })
})
