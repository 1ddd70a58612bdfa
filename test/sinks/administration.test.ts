import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shards } from '../../src/core/data/id.ts'
import type { SinkCursors } from '../../src/ports/sinks.ts'
import { localSinks } from '../../src/local/sinks.ts'
import { UsageError } from '../../src/local/settings.ts'
import { parseSinksOptions } from '../../src/operate/sinksOptions.ts'
import { listSinks, moveTo, NoSuchEvent, switchOff, switchOn } from '../../src/sinks/administration.ts'
import { noon, shard } from '../ports/story.ts'
import { callable } from '../support/called.ts'
import { root } from '../support/root.ts'
import { faultsOf, numbersOf, sinkWorld, testSink } from './world.ts'

const three = shard(3)
const seven = shard(7)

async function worldWith(count: number) {
  const sink = testSink('siem')
  const world = sinkWorld([sink])
  await world.commit(count)
  return { ...world, sink, list: async () => Object.fromEntries(await listSinks(world)) }
}

test('a sink is listed with what it was not sent, and why', async () => {
  const { sink, main, commit, list } = await worldWith(3)
  expect(await list()).toEqual({})
  await main.sweep()
  expect(await list()).toEqual({ siem: { state: 'ok', lag: 0 } })
  sink.plan = () => ({ taken: 0, failure: { why: 'refused' } })
  await commit(2)
  await main.sweep()
  expect(await list()).toEqual({ siem: { state: 'failing', lag: 2, why: 'refused', since: noon } })
})

test('a sink that is switched off gets nothing, and all of it once it is switched on', async () => {
  const { sink, main, commit, clock, list, ledger, ...world } = await worldWith(1)
  await main.sweep()
  await switchOff({ ...world, ledger, clock }, 'siem')
  await commit(2)
  await commit(1, seven)
  await clock.pass(60)
  await main.sweep()
  expect(sink.taken).toHaveLength(1)
  expect(await list()).toMatchObject({ siem: { state: 'off', lag: 3, why: 'by-order' } })
  await switchOn({ ...world, ledger, clock }, 'siem')
  await main.sweep()
  expect(await faultsOf(sink, ledger)).toEqual([])
})

test('a sink that waits for its next try is tried at once after it is switched on', async () => {
  const { sink, main, ...world } = await worldWith(1)
  sink.plan = () => (sink.calls === 1 ? { taken: 0, failure: { why: 'throttled', retryAfter: 80_000 } } : null)
  await main.sweep()
  await switchOn(world, 'siem')
  await main.sweep()
  expect(sink.taken).toHaveLength(1)
})

describe('a sink goes on', () => {
  test('from the first event', async () => {
    const { sink, main, clock, process, ...world } = await worldWith(3)
    await main.sweep()
    await moveTo({ ...world, clock }, 'siem', 'first')
    await process().sweep()
    expect(numbersOf(sink, three)).toEqual([1, 2, 3, 1, 2, 3])
    // A process that has sent everything finds it out by itself, within an hour.
    await moveTo({ ...world, clock }, 'siem', 'first')
    await clock.pass(3600)
    await main.sweep()
    expect(numbersOf(sink, three)).toHaveLength(9)
  })

  test('with what comes, also before it was sent anything', async () => {
    const { sink, main, commit, ...world } = await worldWith(3)
    await moveTo(world, 'siem', 'now')
    await commit(2)
    await main.sweep()
    expect(numbersOf(sink, three)).toEqual([4, 5])
  })

  test('after one event of a shard, and no other', async () => {
    const { sink, main, commit, process, ...world } = await worldWith(3)
    await commit(2, seven)
    await main.sweep()
    await moveTo(world, 'siem', { shard: three, seq: 1 })
    await process().sweep()
    expect(numbersOf(sink, three)).toEqual([1, 2, 3, 2, 3])
    expect(numbersOf(sink, seven)).toEqual([1, 2])
    await expect(moveTo(world, 'siem', { shard: three, seq: 9 })).rejects.toThrow(NoSuchEvent)
  })

  test('switched off, if it was', async () => {
    const { main, list, ...world } = await worldWith(2)
    await main.sweep()
    await switchOff(world, 'siem')
    await moveTo(world, 'siem', 'first')
    expect(await list()).toMatchObject({ siem: { state: 'off', lag: 2 } })
  })
})

test('a cursor that is not believed is told of, and set again by where to go on', async () => {
  const { cursors, main, ledger, ...world } = await worldWith(2)
  await main.sweep()
  const edited: SinkCursors = {
    read: (place) => cursors.read(place),
    write: (...args) => cursors.write(...args),
    put: (...args) => cursors.put(...args),
    all: async (place) => (place === three ? new Map([['siem', null]]) : new Map()),
  }
  const seen = { ...world, ledger, cursors: edited }
  expect(Object.fromEntries(await listSinks(seen))).toEqual({ siem: { state: 'failing', lag: 2, why: 'not-believed' } })
  await moveTo(seen, 'siem', 'first')
  expect((await cursors.read({ sink: 'siem', shard: three })).cursor.seq).toBe(0)
})

describe('the program', () => {
  test.each<[string, readonly string[], RegExp]>([
    ['nothing', [], /list, on NAME/],
    ['another order', ['reset', 'siem'], /list, on NAME/],
    ['no name', ['on'], /"" is no name of a sink/],
    ['a name that is none', ['off', 'The SIEM'], /"The SIEM" is no name/],
    ['too much', ['on', 'siem', 'now'], /"now" is too much/],
    ['a start that is none', ['from', 'siem', 'yesterday'], /"yesterday" is no start/],
    ['no start', ['from', 'siem'], /"" is no start/],
    ['a shard that is none', ['from', 'siem', '10-5'], /"10-5" is no start/],
    ['an option that there is not', ['list', '--all'], /--all/],
  ])('refuses %s with a remedy', (_what, args, words) => {
    expect(() => parseSinksOptions(args)).toThrow(
      expect.objectContaining({ status: 78, message: expect.stringMatching(words) as unknown }),
    )
  })

  test.each(shards.slice(0, 2))('reads a start in shard %s', (place) => {
    expect(parseSinksOptions(['from', 'siem', `${place}-12`])).toMatchObject({ start: { shard: place, seq: 12 } })
  })

  test('explains itself, and names a setting that is missing', async () => {
    const run = callable(join(root, 'dist/operate/sinks.cjs'))
    const env = { HOME: tmpdir() }
    const { code, stdout } = await run(['--help'], { cwd: root, env })
    expect(code).toBe(0)
    for (const words of ['list', 'on NAME', 'off NAME', 'from NAME', '--local', '--json', 'Exit codes'])
      expect(stdout).toContain(words)
    const failed = await run(['list', '--json'], { cwd: root, env })
    expect(failed.code).toBe(78)
    expect(JSON.parse(failed.stdout)).toMatchObject({
      error: { words: expect.stringContaining('COUNTERSIGN_ORIGIN') as unknown },
    })
  })
})

describe('the sinks of the local stack', () => {
  let folder: string
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'countersign-'))))
  afterAll(() => rm(folder, { recursive: true }))

  test('are of the kind that needs no other service', async () => {
    const file = join(folder, 'sinks.json')
    await writeFile(file, JSON.stringify({ version: 1, sinks: { lines: { kind: 'ocsf' } } }))
    expect(await localSinks(file)).toMatchObject([{ name: 'lines', kind: 'ocsf' }])
    expect(await localSinks(undefined)).toEqual([])
  })

  test.each([
    [
      'of another kind',
      { kind: 'webhook', url: 'https://a.example', secret: 'https://a.vault.azure.net/secrets/b' },
      /kind ocsf alone/,
    ],
    ['with a typo', { kind: 'oscf' }, /sinks\.json:1: sinks\.lines\.kind/],
  ])('%s stop the start', async (_what, sink, words) => {
    const file = join(folder, 'bad.json')
    await writeFile(file, JSON.stringify({ version: 1, sinks: { lines: sink } }))
    await expect(localSinks(file)).rejects.toThrow(words)
    await expect(localSinks(file)).rejects.toThrow(UsageError)
  })

  test('that are not there stop the start', async () => {
    await expect(localSinks(join(folder, 'none.json'))).rejects.toThrow(
      /COUNTERSIGN_SINKS: .*none\.json cannot be read/,
    )
  })
})
