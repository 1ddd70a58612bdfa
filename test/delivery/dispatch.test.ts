import { dispatch } from '../../src/delivery/dispatch.ts'
import { pacing } from '../../src/delivery/pace.ts'
import type { ChannelKind } from '../../src/ports/channel.ts'
import type { Messenger } from '../../src/ports/messenger.ts'
import { noon, pending } from '../support/build.ts'
import { MemoryTeams } from '../support/fakes/teams.ts'

const clock = { now: () => noon }
const here = '19:one@thread.tacv2'
const there = 'other:T1/C1'

/** Teams beside another kind, whose messages are slower and whose threads are written in another way. */
function both() {
  const [teams, other] = [new MemoryTeams(clock), new MemoryTeams(clock)]
  const rules = {
    perChannel: [{ most: 1, ms: 60_000 }],
    perProcess: [{ most: 3, ms: 60_000 }],
    channelOf: (conversation: string) => conversation.split('#')[0] ?? conversation,
  }
  const slow: Messenger = Object.assign(Object.create(other) as MemoryTeams, { rules })
  const messengers = new Map<string, Messenger>([
    ['teams', teams],
    ['other', slow],
  ]) as ReadonlyMap<ChannelKind, Messenger>
  return { teams, other, all: dispatch(messengers) }
}

test('each kind of channel has its own messenger', async () => {
  const { teams, other, all } = both()
  const posted = [await all.post(here, pending()), await all.post(there, pending())]
  await all.say(there, 'Sealed.')
  expect(teams.cards().map(({ channel }) => channel)).toEqual([here])
  expect(other.cards().map(({ channel }) => channel)).toEqual([there])
  expect([teams.said, other.said]).toEqual([[], [{ channel: there, words: 'Sealed.' }]])
  for (const one of posted) expect('sent' in one && (await all.update(one.sent, pending()))).toEqual({ sent: null })
})

test('a channel whose kind has no messenger refuses, and nothing is sent elsewhere', async () => {
  const { teams, other, all } = both()
  const card = { conversation: 'gone:1', activity: '1' }
  for (const sent of [
    await all.post('gone:1', pending()),
    await all.update(card, pending()),
    await all.say('gone:1', 'x'),
    await all.reply('gone:1', 'x'),
  ])
    expect(sent).toEqual({ unsent: 'refused' })
  expect([...teams.sends, ...other.sends, ...teams.said, ...other.said]).toEqual([])
})

test('each kind has its own pace, and a thread has that of its channel', () => {
  const pace = pacing(clock, both().all.rulesOf)
  expect(pace.next(there)).toEqual({ wait: 0 })
  expect(pace.next(`${there}#7`)).toHaveProperty('notBefore')
  expect([pace.next('other:2'), pace.next('other:3')]).toEqual([{ wait: 0 }, { wait: 0 }])
  expect(pace.next('other:4')).toHaveProperty('notBefore')
  for (let i = 0; i < 7; i++) expect(pace.next(`${here};messageid=${i}`)).toEqual({ wait: 0 })
  expect(pace.next(here)).toEqual({ wait: 1_000 })
})
