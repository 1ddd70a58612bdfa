import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { edit, editEnvelope, editLines, type Members, noteOf, resign, signPayload, type Statement } from './forgery.ts'
import { bundles, type Held } from './scripts.ts'

const made = bundles()
afterAll(() => made.clean())

describe('the holder of the signing key', () => {
  const wrong = Buffer.alloc(32, 7).toString('base64')

  const signing = (change: (statement: Statement) => void) => (members: Members, key: string) =>
    resign(members, key, change)
  const rewriting = (name: string, change: (lines: string[]) => string[]) => (members: Members, key: string) => {
    editLines(members, name, change)
    resign(members, key)
  }
  const checkpoint = (members: Members, key: string, { size, root }: { size?: number; root?: string }) => {
    resign(members, key, ({ predicate: { log } }) => {
      log.to = { size: size ?? log.to.size, root: root ?? log.to.root }
      const note = noteOf({ origin: log.origin, ...log.to }, key)
      edit(members, 'checkpoint.add', (text) => `${text.slice(0, text.indexOf('\n\n') + 2)}${note}`)
      members.set('checkpoint', Buffer.from(note))
    })
    resign(members, key)
  }

  test.each<[string, Held, (members: Members, key: string) => void]>([
    ['list a member twice', [1, 1], signing(({ subject }) => void subject.push(...subject.slice(0, 1)))],
    ['list a file outside', [1, 1], signing(({ subject }) => void ((subject[0] ?? { name: '' }).name = '../log.key'))],
    ['sign another kind of statement', [1, 1], signing((statement) => void (statement.predicateType += '/2'))],
    [
      'sign what is not canonical',
      [1, 1],
      (members, key) =>
        editEnvelope(members, ({ dsseEnvelope: envelope }) => {
          signPayload(envelope, `${Buffer.from(envelope.payload, 'base64').toString('utf8')} `, key)
        }),
    ],
    ['name another log', [2, 2], signing(({ predicate: { log } }) => void (log.origin = 'other.example/evidence'))],
    ['say another root', [2, 2], signing(({ predicate: { log } }) => void (log.to.root = wrong))],
    ['say another size', [2, 2], signing(({ predicate: { log } }) => void (log.to.size += 1))],
    ['say another root before', [2, 2], signing(({ predicate: { log } }) => void (log.from.root = wrong))],
    [
      'bring the checkpoint of another log',
      [2, 2],
      (members, key) => {
        const foreign = noteOf({ origin: 'other.example/evidence', size: 28, root: wrong }, key)
        members.set('checkpoint', Buffer.from(foreign))
        resign(members, key)
      },
    ],
    [
      'spoil the signature of a checkpoint',
      [2, 2],
      rewriting('checkpoint', (lines) => [
        ...lines.slice(0, 4),
        ...readFileSync(join(made.of(3), 'checkpoint'))
          .toString()
          .split(/(?<=\n)/)
          .slice(4),
      ]),
    ],
    ['leave a checkpoint unsigned', [2, 2], rewriting('checkpoint', (lines) => lines.slice(0, 4))],
    ['rewrite the log before', [3, 3], (members, key) => checkpoint(members, key, { root: wrong })],
    [
      'alter the consistency proof',
      [3, 3],
      rewriting('checkpoint.add', ([old = '', , ...rest]) => [old, `${wrong}\n`, ...rest]),
    ],
    ['shorten the consistency proof', [3, 3], rewriting('checkpoint.add', ([old = '', , ...rest]) => [old, ...rest])],
    [
      'lengthen the consistency proof',
      [3, 3],
      rewriting('checkpoint.add', ([old = '', ...rest]) => [old, `${wrong}\n`, ...rest]),
    ],
    ['prove it from another size', [3, 3], rewriting('checkpoint.add', ([, ...rest]) => ['old 7\n', ...rest])],
    ['prove it to another note', [3, 3], rewriting('checkpoint.add', (lines) => lines.slice(0, -1))],
    ['leave out a record', [4, 4], rewriting('records.jsonl', (lines) => lines.slice(0, -1))],
    ['count one record more', [4, 5], signing(({ predicate: { counts } }) => void (counts.records += 1))],
    [
      'leave out a record and say so',
      [null, 4],
      (members, key) => {
        editLines(members, 'records.jsonl', (lines) => lines.slice(0, -1))
        checkpoint(members, key, { size: 27 })
        resign(members, key, ({ predicate: { counts } }) => void (counts.records -= 1))
      },
    ],
    [
      'alter a record',
      [null, 4],
      rewriting('records.jsonl', ([a = '', ...rest]) => [a.replace('"v":1', '"v":2'), ...rest]),
    ],
    ['swap two records', [null, 4], rewriting('records.jsonl', ([a = '', b = '', ...rest]) => [b, a, ...rest])],
    [
      'write a record with blanks',
      [null, 4],
      rewriting('records.jsonl', ([a = '', ...rest]) => [a.replace(':', ': '), ...rest]),
    ],
    [
      'write a record unsorted',
      [null, 4],
      rewriting('records.jsonl', ([a = '', ...rest]) => [a.replace('{', '{"z":1,'), ...rest]),
    ],
    [
      'write a record of over 4 KiB',
      [null, 4],
      rewriting('records.jsonl', ([a = '', ...rest]) => [a.replace('}\n', `,"z":"${'z'.repeat(4096)}"}\n`), ...rest]),
    ],
    ['leave out the last line end', [4, 4], rewriting('records.jsonl', (lines) => [lines.join('').slice(0, -1)])],
    ['give another frontier', [null, 4], signing(({ predicate: { log } }) => void (log.from.frontier = [wrong]))],
    [
      'give another end of a chain',
      [null, 4],
      signing(({ predicate: { shards } }) => Object.values(shards).forEach((cut) => (cut.head = '1'.repeat(64)))),
    ],
    [
      'give another start of a chain',
      [null, 4],
      signing(({ predicate: { shards } }) => Object.values(shards).forEach((cut) => (cut.from += 1))),
    ],
    ['give another date', [null, 4], signing(({ predicate }) => void (predicate.date = '2026-03-01'))],
    [
      'alter a carried record',
      [null, 5],
      rewriting('carried.jsonl', ([a = '', ...rest]) => [a.replace('\\"v\\":1', '\\"v\\":2'), ...rest]),
    ],
    [
      'carry it from elsewhere',
      [null, 5],
      rewriting('carried.jsonl', ([a = '', ...rest]) => [a.replace(/"index":\d+/, '"index":5'), ...rest]),
    ],
    [
      'carry it from the day itself',
      [null, 5],
      rewriting('carried.jsonl', ([a = '', ...rest]) => [a.replace(/"index":\d+/, '"index":8'), ...rest]),
    ],
    ['carry one more', [null, 5], rewriting('carried.jsonl', (lines) => [...lines, ...lines.slice(0, 1)])],
    ['count other types', [null, 5], signing(({ predicate: { counts } }) => void (counts.types['approved'] = 1))],
    ['count other requests', [null, 5], signing(({ predicate: { counts } }) => void (counts.requests = 1))],
  ])('cannot %s', (_what, held, tamper) => made.refuses(held, tamper))
})
