import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import type { Day } from '../../../src/core/data/day.ts'
import { instant } from '../../../src/core/data/instant.ts'
import {
  type Cosignature,
  cosignaturesIn,
  type CosignatureRule,
  cosigningTimes,
  formatWitnessKey,
  readCosignatureLines,
  readWitnessKey,
  type WitnessKey,
} from '../../../src/core/log/cosignature.ts'
import { parseNote } from '../../../src/core/log/note.ts'
import { verifyEd25519 } from '../../../src/verify/ed25519.ts'
import { makeWitness } from '../../support/cosigning.ts'
import { brokenCode } from './logKey.ts'

const golden = (name: string) => readFileSync(join(import.meta.dirname, '../../golden/witness', name), 'utf8')

function keyIn(text: string): WitnessKey {
  const key = readWitnessKey(text)
  if (typeof key === 'string') throw new Error(`The key is refused: ${key}.`)
  return key
}

const [one, other] = [makeWitness(), makeWitness('witness.example/w2')]
const [ours, theirs] = [keyIn(one.key), keyIn(other.key)]
const text = 'approvals.example/evidence\n27\neeLCht3f0m1U+HBZq1k5zo0l79qWHOm7gmF/RtqM3v0=\n'
const noon = 1_772_625_600
const rule = (more: Partial<CosignatureRule> = {}): CosignatureRule => ({
  ...{ keys: [ours], verify: verifyEd25519, from: noon - 600, until: noon + 600 },
  ...more,
})
const found = (lines: string, more: Partial<CosignatureRule> = {}, of = text): readonly Cosignature[] =>
  cosignaturesIn(of, readCosignatureLines(of, lines), rule(more))

describe('the key of a witness', () => {
  test('is read as other programs write it, and written the same', () => {
    for (const text of [golden('witness.vkey').trim(), one.key, other.key])
      expect(formatWitnessKey(keyIn(text))).toBe(text)
    expect(keyIn(golden('witness.vkey').trim()).name).toBe('witness.example/w1')
  })

  const [name = '', id = ''] = one.key.split('+')
  const typed = Buffer.from(one.key.slice(name.length + id.length + 2), 'base64')
  const encoded = typed.toString('base64')
  const long = Buffer.concat([typed, Buffer.of(0)]).toString('base64')
  test.each([
    ['nothing', '', 'form'],
    ['a name alone', name, 'form'],
    ['no key', `${name}+${id}`, 'form'],
    ['an id in capitals', `${name}+ABCDEF01+${encoded}`, 'form'],
    ['a longer id', `${name}+${id}00+${encoded}`, 'form'],
    ['a space in the name', `a b+${id}+${encoded}`, 'form'],
    ['a newline at the end', `${one.key}\n`, 'form'],
    ['padding that it needs not', `${name}+${id}+${encoded}=`, 'form'],
    ['a key of 33 bytes', `${name}+${id}+${long}`, 'form'],
    ['a key of the log', golden('vkey').trim(), 'type'],
    [
      'a plain key of Ed25519',
      `${name}+${id}+${Buffer.concat([Buffer.of(1), typed.subarray(1)]).toString('base64')}`,
      'type',
    ],
    ['another id', `${name}+00000000+${encoded}`, 'id'],
    ['another name', `${name}2+${id}+${encoded}`, 'id'],
    ['half of it', `${name}+${id}+${encoded.slice(0, 20)}`, 'form'],
  ])('is refused with %s', (_what, given, flaw) => {
    expect(readWitnessKey(given)).toBe(flaw)
  })

  test('is refused with any other text, and never thrown about', () => {
    const piece = fc.constantFrom(name, id, encoded, '+', 'BA==', ' ', '\0', '—', '=', '')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const read = readWitnessKey(pieces.join(''))
        if (typeof read !== 'string') expect(formatWitnessKey(read)).toBe(pieces.join(''))
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a cosignature', () => {
  test('that a witness of others made holds', () => {
    const { text: checkpoint, signatures } = parseNote(golden('cosigned'))
    const keys = [keyIn(golden('witness.vkey').trim())]
    const [cosignature, ...more] = cosignaturesIn(checkpoint, signatures, rule({ keys, from: 0, until: 2 ** 33 }))
    expect([cosignature?.time, more]).toEqual([1_795_899_942, []])
  })

  test('holds for its text, key and time', () => {
    const [cosignature] = found(one.line(text, noon))
    expect(cosignature).toMatchObject({ key: ours, time: noon })
  })

  test('of a stranger is ignored, whatever it is', () => {
    const strange = '— stranger.example AAAAAAA=\n'
    expect(found(`${strange}${other.line(text, 0)}${one.line(text, noon)}${other.line('x\n', noon)}`)).toHaveLength(1)
    expect(found(`${strange}${other.line(text, noon)}`)).toEqual([])
  })

  test('of each of two witnesses is found', () => {
    const lines = `${other.line(text, noon + 1)}${one.line(text, noon)}`
    expect(found(lines, { keys: [ours, theirs] }).map(({ key, time }) => [key.name, time])).toEqual([
      ['witness.example/w2', noon + 1],
      ['witness.example/w1', noon],
    ])
  })

  const bytesOf = (line: string) => Buffer.from(line.split(' ')[2] ?? '', 'base64')
  const lineOf = (bytes: Uint8Array, name = one.name) => `— ${name} ${Buffer.from(bytes).toString('base64')}\n`
  test.each<[string, string]>([
    ['of another text', one.line('approvals.example/evidence\n28\n', noon)],
    ['of another log of the same size', one.line(text.replace('approvals', 'other'), noon)],
    ['without a time', lineOf(Buffer.concat([bytesOf(one.line(text, noon)).subarray(0, 4), Buffer.alloc(64)]))],
    ['with a byte more', lineOf(Buffer.concat([bytesOf(one.line(text, noon)), Buffer.of(0)]))],
    ['of eleven minutes ahead', one.line(text, noon + 601)],
    ['of a year ahead', one.line(text, noon + 31_536_000)],
    ['of the end of time', one.line(text, 2n ** 64n - 1n)],
    ['of eleven minutes before the day was over', one.line(text, noon - 601)],
    ['of the year 1970', one.line(text, 0)],
  ])('of a known key is refused %s', (_what, line) => {
    expect(brokenCode(() => found(line))).toBe('bad-cosignature')
    expect(brokenCode(() => found(`${one.line(text, noon)}${line}`))).toBe('bad-cosignature')
  })

  test('is refused with any bit changed behind its name', () => {
    const bytes = bytesOf(one.line(text, noon))
    fc.assert(
      fc.property(fc.nat(8 * bytes.length - 1), (bit) => {
        const changed = Buffer.from(bytes)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        // With another id, it is one of a key that nobody knows.
        if (bit < 32) expect(found(lineOf(changed))).toEqual([])
        else expect(brokenCode(() => found(lineOf(changed)))).toBe('bad-cosignature')
      }),
    )
  })

  test('counts from ten minutes before the day was over to ten minutes from now', () => {
    const times = cosigningTimes('2026-03-04' as Day, instant(1_772_700_000_500))
    expect(times).toEqual({ from: Date.parse('2026-03-05T00:00:00Z') / 1000 - 600, until: 1_772_700_600 })
  })
})

describe('the lines of an answer', () => {
  const good = one.line(text, noon)
  test.each([
    ['nothing', ''],
    ['no newline at the end', good.trimEnd()],
    ['an empty line before', `\n${good}`],
    ['an empty line within', `${good}\n${good}`],
    ['an empty line behind', `${good}\n`],
    ['another text and its signature', `x\n\n${good}`],
    ['a carriage return', good.replace('\n', '\r\n')],
    ['a hyphen for the dash', good.replace('—', '-')],
    ['words', 'cosigned, all is well\n'],
    ['a page', '<!doctype html><title>Login</title>\n'],
    ['bad base64', good.replace(/.\n$/, '!\n')],
    ['base64 without its end', good.replace(/.\n$/, '\n')],
    ['33 lines', good.repeat(33)],
    ['a long line', `— ${'x'.repeat(300_000)} AAAAAAA=\n`],
    ['half a character', `${good}— \ud800 AAAAAAA=\n`],
  ])('are refused if they are %s', (_what, lines) => {
    expect(brokenCode(() => readCosignatureLines(text, lines))).toBe('bad-cosignature')
  })

  test('are read, or refused by name; never is a signature made of what is none', () => {
    const piece = fc.constantFrom(
      good,
      other.line(text, noon),
      '\n',
      '— ',
      one.name,
      ' ',
      'AAAAAAA=',
      '\0',
      '\u2028',
      'old 0\n',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const lines = pieces.join('')
        let holding: readonly Cosignature[] | undefined
        const code = brokenCode(() => (holding = found(lines)))
        if (holding === undefined) expect(code).toBe('bad-cosignature')
        else expect(holding).toHaveLength(lines.split(good).length - 1)
      }),
      { numRuns: 400 },
    )
  })
})
