import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { demand } from './demand.ts'
import type { Stored } from './events.ts'
import { compliance } from './roster.ts'
import { firstDay } from './stores.ts'
import type { World } from './world.ts'

/** Every event of a finished day is in that day's bundle and in no other; bundles stay as they were (invariant 7). */
export async function checkDays({ stores, reached }: World, all: readonly Stored[]): Promise<void> {
  const { archive, seals, seen, rooms, time } = stores
  demand(7, (await seals.alarm()) === null, () => 'sealing has stopped')
  const today = new Date(time.ms).toISOString().slice(0, 10)
  const files = await archive.list('bundles/')
  const due = daysFrom(firstDay, today)
  const names = files.map(({ name }) => name.slice('bundles/'.length, -'.zip'.length))
  demand(7, names.join() === due.join(), () => `sealed are ${names.join(', ')}, and due were ${due.join(', ')}`)
  const leaves: string[] = []
  for (const date of due) {
    const bytes = Buffer.from((await archive.read(`bundles/${date}.zip`)) ?? [])
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    demand(7, seen.bundles.get(`bundles/${date}.zip`) === sha256, () => `the bundle of ${date} has changed`)
    const records = memberIn(bytes, 'records.jsonl')
    const events = all.filter(({ at }) => at.startsWith(date)).toSorted(byPlace)
    demand(
      7,
      records === events.map(({ text }) => `${text}\n`).join(''),
      () => `the bundle of ${date} has other events than the day`,
    )
    leaves.push(...events.map(({ text }) => text))
    const [, size, root] = memberIn(bytes, 'checkpoint').split('\n')
    demand(7, size === String(leaves.length), () => `the checkpoint of ${date} is of size ${size}`)
    demand(7, root === rootOf(leaves).toString('base64'), () => `the checkpoint of ${date} has another root`)
    const told = rooms.teams.said.filter(({ channel, words }) => channel === compliance && words.includes(date)).length
    demand(7, told > 0, () => `nobody was told of ${date}`)
    checkChunks(date, events, await archive.list(`chunks/${date}/`), reached)
    reached(events.length > 0 ? 'sealed day' : 'empty day')
  }
  const newest = await archive.read(`checkpoints/${due.at(-1)}`)
  demand(7, archive.published === Buffer.from(newest ?? []).toString(), () => 'an older checkpoint is published')
  // Nothing else is at midnight to the millisecond.
  if (all.some(({ at }) => at.endsWith('T00:00:00.000Z'))) reached('event across a fence')
}

/** Each event of a day is in a chunk, and no chunk ends with another event than there was. */
function checkChunks(
  date: string,
  events: readonly Stored[],
  files: readonly { readonly name: string }[],
  reached: (what: string) => void,
): void {
  const chunks = files.map(({ name }) => {
    const [, , shard = '', numbers = ''] = name.split('/')
    const [first, last, hash] = numbers.split('-')
    return { shard, first: Number(first), last: Number(last), hash }
  })
  const lone = events.find(
    ({ shard, seq }) => !chunks.some((one) => one.shard === shard && one.first <= seq && seq <= one.last),
  )
  demand(7, lone === undefined, () => `no chunk of ${date} has ${lone?.text}`)
  const other = chunks.find(
    (one) => !events.some(({ shard, seq, hash }) => shard === one.shard && seq === one.last && hash === one.hash),
  )
  demand(7, other === undefined, () => `a chunk of ${date} ends with ${other?.hash}, which nobody wrote`)
  const isAlike = chunks.some((one, i) =>
    chunks.slice(i + 1).some((two) => one.shard === two.shard && one.first === two.first),
  )
  if (isAlike) reached('chunks that begin alike')
  if (new Set(chunks.map(({ shard }) => shard)).size < chunks.length) reached('chunk within a day')
}

const byPlace = (a: Stored, b: Stored): number => (a.shard === b.shard ? a.seq - b.seq : a.shard < b.shard ? -1 : 1)

function daysFrom(first: string, end: string): readonly string[] {
  const days: string[] = []
  for (let day = first; day < end; day = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10))
    days.push(day)
  return days
}

/** RFC 6962 section 2.1, as it is written there. */
function rootOf(leaves: readonly string[]): Buffer {
  const [only] = leaves
  if (only === undefined) return createHash('sha256').digest()
  if (leaves.length === 1) return createHash('sha256').update('\0').update(only).digest()
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  const [left, right] = [rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half))]
  return createHash('sha256').update('\x01').update(left).update(right).digest()
}

/** One file of a zip, by its central directory (APPNOTE.TXT 4.3.12). */
export function memberIn(zip: Buffer, name: string): string {
  const end = zip.lastIndexOf('PK\x05\x06')
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [size, length, more, words] = [
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
      zip.readUInt16LE(at + 30),
      zip.readUInt16LE(at + 32),
    ]
    if (zip.toString('utf8', at + 46, at + 46 + length) === name) {
      const local = zip.readUInt32LE(at + 42)
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
      const bytes = zip.subarray(start, start + size)
      return (zip.readUInt16LE(at + 10) === 0 ? bytes : inflateRawSync(bytes)).toString('utf8')
    }
    at += 46 + length + more + words
  }
  throw new Error(`There is no ${name} in the bundle.`)
}
