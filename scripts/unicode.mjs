// Makes src/core/data/unicodeData.ts from files of the Unicode Character Database:
//   node scripts/unicode.mjs FOLDER     FOLDER has confusables.txt, DerivedJoiningType.txt and UnicodeData.txt
// They are at https://www.unicode.org/Public/VERSION/ucd/ (extracted/ for joining types) and …/VERSION/security/.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('Usage: node scripts/unicode.mjs FOLDER\n')
  process.exit(78)
}

const names = ['confusables.txt', 'DerivedJoiningType.txt', 'UnicodeData.txt']
const [confusables, joining, characters] = names.map((name) => readFileSync(join(folder, name), 'utf8'))
const digest = (text) => createHash('sha256').update(text).digest('hex')
const sources = [confusables, joining, characters].map((text, i) => ` * ${names[i]}, SHA-256 ${digest(text)}`)
const version = /^# DerivedJoiningType-([\d.]+)\.txt/.exec(joining)?.[1] ?? 'unknown'

/** The fields of each line, without comments. */
const rows = (text) =>
  text
    .replace(/^\ufeff/, '')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(';').map((field) => field.trim()))

/** Writes code points as the inside of a character class with the flag `u`. */
function classOf(codes) {
  const ranges = []
  for (const code of [...codes].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && last[1] === code - 1) last[1] = code
    else ranges.push([code, code])
  }
  const hex = (code) => `\\u{${code.toString(16)}}`
  return ranges.map(([from, to]) => (from === to ? hex(from) : `${hex(from)}-${hex(to)}`)).join('')
}

const codesOf = (field) => {
  const [from, to = from] = field.split('..').map((text) => Number.parseInt(text, 16))
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

const ofType = (...types) => rows(joining).flatMap(([codes, type]) => (types.includes(type) ? codesOf(codes) : []))
const viramas = rows(characters).flatMap(([code, , , combining]) => (combining === '9' ? codesOf(code) : []))

/** Characters that pass for one of ASCII, by that one. Those that NFKC makes ASCII need no table. */
const passing = new Map()
for (const [from, to] of rows(confusables)) {
  const [code, ...more] = from.split(' ').map((text) => Number.parseInt(text, 16))
  const prototype = String.fromCodePoint(...to.split(' ').map((text) => Number.parseInt(text, 16)))
  if (more.length > 0 || code < 0x80 || !/^[!-~]$/.test(prototype)) continue
  if (/^[ -~]+$/.test(String.fromCodePoint(code).normalize('NFKC'))) continue
  passing.set(prototype, [...(passing.get(prototype) ?? []), code])
}
const quoted = (text) => (text.includes("'") ? JSON.stringify(text) : `'${text.replaceAll('\\', '\\\\')}'`)
const entries = [...passing]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(
    ([prototype, codes]) =>
      `  [${quoted(prototype)}, '${codes
        .sort((a, b) => a - b)
        .map((code) => code.toString(16))
        .join(' ')}'],`,
  )

const out = new URL('../src/core/data/unicodeData.ts', import.meta.url)
writeFileSync(
  out,
  `/**
 * Data of Unicode ${version}, made by \`node scripts/unicode.mjs\`; not edited by hand. Copyright © Unicode, Inc., under the
 * Unicode License V3 (https://www.unicode.org/license.txt). From:
${sources.join('\n')}
 */

/** Joining_Type Dual_Joining and Left_Joining: letters that join the one after them. The inside of a character class. */
export const joinsNext =
  '${classOf(ofType('D', 'L')).replaceAll('\\', '\\\\')}'

/** Joining_Type Dual_Joining and Right_Joining: letters that join the one before them. */
export const joinsPrevious =
  '${classOf(ofType('D', 'R')).replaceAll('\\', '\\\\')}'

/** Canonical_Combining_Class 9: signs that join two consonants of an Indic script. */
export const viramas =
  '${classOf(viramas).replaceAll('\\', '\\\\')}'

/**
 * Unicode Technical Standard 39, section 4: characters that pass for one ASCII character, as hexadecimal code points.
 * Characters that NFKC turns into ASCII are left out. \`l\` stands for I, 1 and | too, and \`O\` for 0.
 */
export const passingFor: readonly (readonly [ascii: string, codes: string])[] = [
${entries.join('\n')}
]
`,
)
