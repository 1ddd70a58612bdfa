import { spawnSync } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { python } from '../support/python.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import type { Members } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { type Sealed, sealedDays } from './days.ts'
import { descriptor, type Entry, written } from './handWritten.ts'
import { additions, changes } from './hostileZips.ts'

/** What is verified is what people get who unpack a bundle with the tools that they have. */

/** Unpacks each zip of a folder into FOLDER/out/TOOL/NAME, and writes the exit code beside it. */
const script = `
cd "$1" || exit 1
unpack() { tool=$1 name=$2; shift 2; mkdir -p "out/$tool/$name"; ( cd "out/$tool/$name" && "$@" ) >>log 2>&1; echo $? >"out/$tool/$name.exit"; }
for zip in *.zip; do
  unpack bsdtar "$zip" bsdtar -xf "$1/$zip"
  unpack pipe "$zip" sh -c 'cat "$0" | bsdtar -xf -' "$1/$zip"
  unpack unzip "$zip" unzip -q -o -P x "$1/$zip"
done
${python ?? 'python3'} - *.zip <<'END'
import pathlib, sys, zipfile
for name in sys.argv[1:]:
    out, code = pathlib.Path('out/python', name), 0
    out.mkdir(parents=True)
    try: zipfile.ZipFile(name).extractall(out)
    except Exception: code = 1
    pathlib.Path(f'out/python/{name}.exit').write_text(str(code))
END
`
const tools = ['bsdtar', 'pipe', 'unzip', 'python'] as const
type Tool = (typeof tools)[number]

interface Judged {
  readonly holds: boolean
  /** The tools that unpack something else, without an error that people would see. */
  readonly fooled: readonly Tool[]
}

let days: Sealed
let judged: Readonly<Record<string, Judged>>

beforeAll(async () => {
  days = await sealedDays()
  const members = await days.members(day(4))
  judged = await judgedOf({ ...good(await days.zip(day(4)), members), ...hostile(members) }, members)
})
afterAll(() => days.place.clean())

const entriesOf = (members: Members): Entry[] => [...members].map(([name, bytes]) => ({ name, bytes }))

const streamed = ({ name, bytes }: Entry): Entry => ({
  ...{ name, bytes, flags: 8 },
  behind: descriptor(bytes, deflateRawSync(bytes).length),
})

const good = (sealed: Buffer, members: Members): Readonly<Record<string, Buffer>> => ({
  sealed,
  'sealed, in another order': written(entriesOf(members).toReversed()),
  'sealed, stored': written(entriesOf(members).map((entry) => ({ ...entry, method: 0 }))),
  'sealed, with sizes behind': written(entriesOf(members).map(streamed)),
})

/** Changes that every tool notices, or that change no bytes: each tool takes time to start. */
const open = /encrypted|compressed|patched|said to be|comment|larger|cut off|not given|twice/

function hostile(members: Members): Readonly<Record<string, Buffer>> {
  const all = entriesOf(members)
  const changed = (change: Partial<Entry>) =>
    written(all.map((entry) => (entry.name === 'README.txt' ? { ...entry, ...change } : entry)))
  return {
    ...Object.fromEntries(additions.map(([what, , entry]) => [`added ${what}`, written([...all, entry])])),
    ...Object.fromEntries(
      changes.filter(([what]) => !open.test(what)).map(([what, change]) => [`changed: ${what}`, changed(change)]),
    ),
    'added twice': written([...all, { name: 'README.txt', bytes: Buffer.from('evil') }]),
    'changed: two names': changed({ localName: 'evil.txt' }),
    'added behind the end': Buffer.concat([written(all), Buffer.from('more')]),
  }
}

async function judgedOf(zips: Readonly<Record<string, Buffer>>, members: Members) {
  const folder = join(days.place.path, 'judged')
  mkdirSync(folder)
  const names = Object.keys(zips)
  for (const [i, name] of names.entries()) writeFileSync(join(folder, `${i}.zip`), zips[name] ?? '')
  const { status } = spawnSync('sh', ['-c', script, 'sh', folder])
  expect(status).toBe(0)
  const signed = treeText(new Map([...members].map(([name, bytes]) => [name, bytes.toString('latin1')])))
  const all: Record<string, Judged> = {}
  for (const [i, name] of names.entries()) {
    const { problem } = await verifyBundle(join(folder, `${i}.zip`), { keys: [days.key.spki] })
    const fooled = tools.filter((tool) => {
      const out = join(folder, 'out', tool, `${i}.zip`)
      return readFileSync(`${out}.exit`, 'utf8').trim() === '0' && treeText(treeOf(out)) !== signed
    })
    all[name] = { holds: problem === undefined, fooled }
  }
  return all
}

const treeText = (tree: ReadonlyMap<string, string>): string =>
  JSON.stringify([...tree].toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** The files of a folder; links and devices by what they are. */
function treeOf(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const found = names.flatMap((name): (readonly [string, string])[] => {
    const path = join(folder, name)
    const stat = lstatSync(path)
    if (stat.isDirectory()) return []
    if (stat.isSymbolicLink()) return [[name, `a link to ${readlinkSync(path)}`]]
    return [[name, stat.isFile() ? readFileSync(path, 'latin1') : 'a device']]
  })
  return new Map(found)
}

test('every tool unpacks what was verified, and nothing else', () => {
  const holding = Object.entries(judged).filter(([, { holds }]) => holds)
  expect(holding).toHaveLength(4)
  expect(holding.filter(([, { fooled }]) => fooled.length > 0)).toEqual([])
})

test('what a tool would unpack in another way is refused', () => {
  const fooling = Object.entries(judged).filter(([, { fooled }]) => fooled.length > 0)
  expect(fooling.filter(([, { holds }]) => holds)).toEqual([])
  expect(new Set(fooling.flatMap(([, { fooled }]) => fooled))).toEqual(new Set(tools))
})
