import { shards } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import type { SinkCursor, SinkFault } from '../../src/ports/sinks.ts'
import { webhookRetries } from '../../src/webhook/webhook.ts'
import { apply, ask, dba, noon, shard, vote } from '../ports/story.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemorySinkCursors } from '../support/fakes/sinkCursors.ts'
import { flushed } from '../support/fakes/time.ts'
import { faultsOf, numbersOf, sinkWorld, testSink } from './world.ts'

const three = shard(3)
const seven = shard(7)
const refusing = (why: SinkFault, more: object = {}) => ({ taken: 0, failure: { why, ...more } })

describe('every event', () => {
  test('is sent to every sink, in the order of its shard', async () => {
    const [one, other] = [testSink('one'), testSink('other')]
    const { main, commit, ledger } = sinkWorld([one, other])
    for (const [i, place] of shards.entries()) await commit(i + 1, place)
    expect(await main.sweep()).toBe(2 * 136)
    for (const sink of [one, other]) {
      expect(await faultsOf(sink, ledger)).toEqual([])
      expect(sink.taken).toHaveLength(136)
    }
    expect(await main.sweep()).toBe(0)
    expect(one.calls).toBe(16)
  })

  test('says what its request asked for, also long after', async () => {
    const sink = testSink('siem')
    const { main, ledger, process, clock } = sinkWorld([sink])
    const request = await ask(ledger)
    await main.sweep()
    const after = plusSeconds(noon, 60)
    await apply(ledger, request.id, vote(dba, 'approve', after), after)
    clock.jump(120)
    // Another process remembers no ask.
    await process().sweep()
    expect(sink.taken.map(({ event, asked }) => [event.type, asked?.action, asked?.tier])).toEqual(
      ['requested', 'decided', 'approved'].map((type) => [type, 'db.export', 'high']),
    )
  })

  test('says nothing of an ask that cannot be believed', async () => {
    const sink = testSink('siem')
    const { main, ledger, process } = sinkWorld([sink])
    const memory = ledger as MemoryLedger
    const [request, other] = [await ask(ledger), await ask(ledger)]
    await main.sweep()
    const after = plusSeconds(noon, 60)
    await apply(ledger, request.id, vote(dba, 'deny', after), after)
    // The row names the ask of another request as its own.
    memory.forge(request.id, { ...request, verb: 'harmless', events: other.events })
    await process().sweep()
    expect(sink.taken.slice(2).map(({ event, asked }) => [event.type, asked])).toEqual([
      ['decided', null],
      ['denied', null],
    ])
  })

  test('is sent in several calls, where a sink takes only some', async () => {
    const sink = testSink('siem')
    sink.plan = (events) => ({ taken: Math.min(7, events.length) })
    const { main, commit } = sinkWorld([sink])
    await commit(40)
    await main.sweep()
    expect(numbersOf(sink, three)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1))
    expect(sink.calls).toBe(6)
  })

  test('is read when it is sent, where a sink says how many it takes', async () => {
    const sink = testSink('hook', { most: 7 })
    sink.plan = (events) => ({ taken: Math.min(7, events.length) })
    const ledger = new MemoryLedger()
    const { main, commit } = sinkWorld([sink], { ledger })
    await commit(20)
    const read: (readonly [number, number])[] = []
    const stream = ledger.stream.bind(ledger)
    ledger.stream = (place, after, upTo) => {
      read.push([after, upTo])
      return stream(place, after, upTo)
    }
    await main.sweep()
    expect(read).toEqual([
      [0, 7],
      [7, 14],
      [14, 20],
    ])
    expect(await faultsOf(sink, ledger)).toEqual([])
  })
})

describe('an idle sink', () => {
  test('costs the reads of 16 heads, and nothing else', async () => {
    const [ledger, cursors] = [new MemoryLedger(), new MemorySinkCursors()]
    const { main, commit } = sinkWorld([testSink('one'), testSink('two'), testSink('three')], { ledger, cursors })
    await commit(3)
    await commit(2, seven)
    await main.sweep()
    const called: string[] = []
    for (const port of [ledger, cursors])
      for (const name of ['load', 'stream', 'find', 'events', 'news', 'read', 'write', 'all'])
        if (name in port) spyOn(port, name, called)
    await main.sweep()
    expect(called).toEqual(Array<string>(16).fill('load'))
  })
})

function spyOn(port: object, name: string, called: string[]): void {
  const method = (port as Record<string, (...args: unknown[]) => unknown>)[name]?.bind(port)
  Object.assign(port, {
    [name]: (...args: unknown[]) => {
      called.push(name)
      return method?.(...args)
    },
  })
}

describe('after commits of this process', () => {
  test('events are sent a moment later, and those of a few seconds together', async () => {
    const sink = testSink('siem')
    const { main, commit, clock, ledger } = sinkWorld([sink])
    const told = async (count: number) => {
      await commit(count)
      main.committed(three, (await ledger.load(three, {})).head)
    }
    await told(1)
    await told(1)
    expect(sink.calls).toBe(0)
    await clock.pass(0.25)
    expect(numbersOf(sink, three)).toEqual([1, 2])
    for (let i = 0; i < 8; i++) {
      await told(2)
      await clock.pass(0.5)
    }
    expect(sink.calls).toBe(1)
    await clock.pass(1)
    expect(sink.calls).toBe(2)
    expect(numbersOf(sink, three)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1))
  })

  test('a sink that waits for its next try is left alone', async () => {
    const sink = testSink('siem', { retries: webhookRetries })
    sink.plan = () => refusing('refused')
    const { main, commit, clock, ledger } = sinkWorld([sink])
    await commit(1)
    await main.sweep()
    await clock.pass(5)
    expect(sink.calls).toBe(2)
    for (let i = 0; i < 5; i++) {
      await commit(1)
      main.committed(three, (await ledger.load(three, {})).head)
      await clock.pass(6)
    }
    expect(sink.calls).toBe(2)
  })
})

describe('a sink that takes nothing', () => {
  test('holds nothing else up, and gets every event in the end', async () => {
    const [down, other] = [testSink('down'), testSink('other')]
    let isDown = true
    down.plan = () => (isDown ? refusing('no-answer') : null)
    const { main, commit, clock, ledger } = sinkWorld([down, other])
    for (let i = 0; i < 20; i++) {
      await commit(1)
      await commit(1, seven)
      await main.sweep()
      await clock.pass(30)
    }
    expect(other.taken).toHaveLength(40)
    expect(down.taken).toEqual([])
    expect(await main.states()).toEqual([
      { name: 'down', kind: 'webhook', state: 'failing', lag: 40, why: 'no-answer', since: noon },
      { name: 'other', kind: 'webhook', state: 'ok', lag: 0 },
    ])
    isDown = false
    await clock.pass(400)
    await main.sweep()
    expect(await faultsOf(down, ledger)).toEqual([])
    expect((await main.states()).map(({ state, lag }) => [state, lag])).toEqual([
      ['ok', 0],
      ['ok', 0],
    ])
  })

  test('in one shard gets the events of the others', async () => {
    const sink = testSink('siem')
    sink.plan = ([first]) => (first?.event.shard === three ? refusing('refused') : null)
    const { main, commit } = sinkWorld([sink])
    await commit(2)
    await commit(2, seven)
    await main.sweep()
    expect(numbersOf(sink, seven)).toEqual([1, 2])
    expect(numbersOf(sink, three)).toEqual([])
  })

  test('is told of at its third try of an event, once', async () => {
    const sink = testSink('siem', { retries: webhookRetries })
    sink.plan = () => refusing('redirected')
    const { main, commit, clock, notices } = sinkWorld([sink])
    await commit(1)
    await main.sweep()
    await clock.pass(5)
    expect(notices).toEqual([])
    await clock.pass(300)
    await main.sweep()
    expect(notices).toEqual([{ sink: 'siem', why: 'redirected', isOff: false }])
  })

  test('that throws is a fault of this program, which the log has', async () => {
    const sink = testSink('siem')
    sink.plan = () => {
      throw new Error('A bug.')
    }
    const { main, commit, failures } = sinkWorld([sink])
    await commit(1)
    await main.sweep()
    expect(failures.map(String)).toEqual(['Error: A bug.'])
    expect((await main.states())[0]).toMatchObject({ state: 'failing', why: 'fault' })
  })

  test('without saying why is a fault, too, and no endless pass', async () => {
    const sink = testSink('siem')
    sink.plan = () => ({ taken: 0 })
    const { main, commit, failures } = sinkWorld([sink])
    await commit(1)
    await main.sweep()
    expect(failures.map(String)).toEqual(['Error: The sink siem took nothing.'])
  })
})

describe('an event that is not taken', () => {
  test('is tried as webhooks are, and then the sink is switched off, until an administrator switches it on', async () => {
    const sink = testSink('siem', { retries: webhookRetries })
    const tried: number[] = []
    let isDown = true
    const { main, commit, clock, notices, cursors, ledger } = sinkWorld([sink])
    sink.plan = () => {
      tried.push((Date.parse(clock.now()) - Date.parse(noon)) / 1000)
      return isDown ? refusing('refused') : null
    }
    await commit(2)
    await commit(1, seven)
    for (let hours = 0; hours < 90; hours += 0.25) {
      await main.sweep()
      await clock.pass(900)
    }
    const ofThree = tried.filter((_, i) => i % 2 === 0)
    expect(ofThree.map((at) => Math.round(at / 60))).toEqual([0, 0, 15, 45, 165, 465, 1065, 1905, 3105, 4545])
    expect(notices.filter(({ isOff }) => isOff)).toEqual([{ sink: 'siem', why: 'refused', isOff: true }])
    expect((await main.states())[0]).toMatchObject({ state: 'off', why: 'refused', lag: 3 })
    isDown = false
    for (const place of [three, seven]) {
      const { cursor, version } = await cursors.read({ sink: 'siem', shard: place })
      const { off: _off, failing: _failing, ...rest } = cursor
      await cursors.write({ sink: 'siem', shard: place }, version, rest)
    }
    await main.sweep()
    expect(await faultsOf(sink, ledger)).toEqual([])
  })

  test('is not tried before the receiver wants to be asked again', async () => {
    const sink = testSink('siem', { retries: webhookRetries })
    sink.plan = () => (sink.calls === 1 ? refusing('throttled', { retryAfter: 100 }) : null)
    const { main, commit, clock } = sinkWorld([sink])
    await commit(1)
    await main.sweep()
    await clock.pass(99)
    await main.sweep()
    expect(sink.calls).toBe(1)
    await clock.pass(1)
    await main.sweep()
    expect(sink.taken).toHaveLength(1)
  })

  test('of a receiver that is throttled for ever is given up after as long as any other', async () => {
    const sink = testSink('siem', { retries: webhookRetries })
    sink.plan = () => refusing('throttled', { retryAfter: 3600 })
    const { main, commit, clock } = sinkWorld([sink])
    await commit(1)
    for (let hours = 0; hours < 80; hours++) {
      await main.sweep()
      await clock.pass(3600)
    }
    expect((await main.states())[0]).toMatchObject({ state: 'off', why: 'throttled' })
    expect(sink.calls).toBe(77)
  })

  test('is tried again for ever by a sink without such a list, at most every five minutes', async () => {
    const sink = testSink('siem')
    sink.plan = () => refusing('not-permitted')
    const { main, commit, clock } = sinkWorld([sink])
    await commit(1)
    for (let minutes = 0; minutes < 120 * 60; minutes += 6) {
      await main.sweep()
      await clock.pass(360)
    }
    expect(sink.calls).toBeGreaterThan(1_000)
    expect((await main.states())[0]).toMatchObject({ state: 'failing', why: 'not-permitted' })
  })

  test('comes again after the events that were taken', async () => {
    const sink = testSink('siem')
    sink.plan = (events) => (sink.calls === 1 ? { taken: 3, failure: { why: 'refused' } } : { taken: events.length })
    const { main, commit, clock } = sinkWorld([sink])
    await commit(5)
    await main.sweep()
    expect(numbersOf(sink, three)).toEqual([1, 2, 3])
    await clock.pass(10)
    expect(numbersOf(sink, three)).toEqual([1, 2, 3, 4, 5])
  })
})

describe('a receiver that wants no more', () => {
  test('is switched off in every shard, and the others go on', async () => {
    const [gone, other] = [testSink('gone', { retries: webhookRetries }), testSink('other')]
    gone.plan = ([first]) => (first?.event.shard === three ? refusing('gone', { isFinal: true }) : null)
    const { main, commit, clock, notices, cursors } = sinkWorld([gone, other])
    await commit(1)
    await main.sweep()
    expect(notices).toEqual([{ sink: 'gone', why: 'gone', isOff: true }])
    for (const place of shards)
      expect((await cursors.read({ sink: 'gone', shard: place })).cursor.off).toEqual({ at: noon, why: 'gone' })
    await commit(1, seven)
    await clock.pass(3600)
    await main.sweep()
    expect(gone.calls).toBe(1)
    expect(numbersOf(other, seven)).toEqual([1])
    expect((await main.states())[0]).toEqual({
      ...{ name: 'gone', kind: 'webhook', state: 'off', lag: 2, why: 'gone', since: noon },
    })
  })
})

describe('one process at a time', () => {
  /** A call that goes on until it is told to end. */
  function held() {
    let end = () => {}
    const ended = new Promise<null>((done) => {
      end = () => done(null)
    })
    return { ended, end }
  }

  test('sends the events of a shard to a sink', async () => {
    const sink = testSink('siem')
    const { ended, end } = held()
    const { main, process, commit, ledger } = sinkWorld([sink])
    sink.plan = () => (sink.calls === 1 ? ended : null)
    await commit(3)
    const swept = main.sweep()
    await flushed()
    const other = process()
    await other.sweep()
    expect(sink.calls).toBe(1)
    await commit(1, seven)
    await other.sweep()
    expect(numbersOf(sink, seven)).toEqual([1])
    end()
    await swept
    expect(await faultsOf(sink, ledger)).toEqual([])
    expect(sink.taken).toHaveLength(4)
  })

  test('that hangs for longer than its claim loses it to another, and moves no cursor', async () => {
    const sink = testSink('siem')
    const { ended, end } = held()
    const { main, process, commit, clock, cursors, ledger } = sinkWorld([sink])
    sink.plan = () => (sink.calls === 1 ? ended : null)
    await commit(3)
    const swept = main.sweep()
    await flushed()
    clock.jump(60)
    await process().sweep()
    await commit(2)
    end()
    await swept
    const { cursor } = await cursors.read({ sink: 'siem', shard: three })
    expect(cursor.seq).toBe(3)
    await main.sweep()
    expect(await faultsOf(sink, ledger)).toEqual([])
  })

  test('is found out also while claims of a clock that is far ahead stand', async () => {
    const sink = testSink('siem')
    const { main, commit, cursors, ledger } = sinkWorld([sink])
    await commit(1)
    const ahead: SinkCursor = {
      ...(await cursors.read({ sink: 'siem', shard: three })).cursor,
      claim: { by: 'other', until: plusSeconds(noon, 3_600) },
    }
    await cursors.write({ sink: 'siem', shard: three }, null, ahead)
    await main.sweep()
    expect(await faultsOf(sink, ledger)).toEqual([])
  })
})
