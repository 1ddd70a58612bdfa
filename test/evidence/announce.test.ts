import { announce } from '../../src/evidence/seal/announce.ts'
import { faultOf } from '../../src/runtime/log.ts'
import type { Sent } from '../../src/ports/messenger.ts'
import { MemoryTeams } from '../support/fakes/teams.ts'
import { at, day, history, morning, scratch, sealer } from './days.ts'

const { folder: spool, clean } = scratch()
afterAll(clean)

async function sealed() {
  const { ledger } = await history()
  const one = await sealer({ ledger, spool })
  one.clock.set(at(6, '00:05:00'))
  await one.run()
  one.clock.set(morning)
  const teams = new MemoryTeams(one.clock)
  const tell = (channel: string | null = '19:compliance', say = teams.say.bind(teams)) =>
    announce({ ...one.parts, channel, messenger: { say } })
  return { ...one, teams, tell }
}

const never = at(9, '00:00:00')
const later = at(9, '00:10:01')

test('each sealed day is announced once, with its exact checkpoint', async () => {
  const { archive, teams, tell } = await sealed()
  await tell()
  await tell()
  expect(teams.said.map(({ channel }) => channel)).toEqual(['19:compliance', '19:compliance'])
  for (const [place, number] of [4, 5].entries()) {
    const note = Buffer.from((await archive.read(`checkpoints/${day(number)}`)) ?? []).toString()
    const size = note.split('\n')[1]
    const start = `Evidence of ${day(number)} is sealed: bundle ${place + 1}, log size ${size}.\n`
    expect(teams.said[place]?.words).toBe(`${start}\n${note}`)
  }
})

test('an announcement that may succeed later stays, and is sent after its claim lapses', async () => {
  const { seals, clock, teams, tell, failures } = await sealed()
  await tell('19:compliance', async () => ({ unsent: 'passing' }))
  expect(await seals.announcements(never, never)).toEqual([])
  await tell()
  expect(teams.said).toEqual([])
  clock.set(later)
  await tell()
  expect(teams.said).toHaveLength(2)
  expect(failures).toEqual([])
})

test.each<[string, Sent<null>]>([
  ['gone', { unsent: 'gone' }],
  ['refused', { unsent: 'refused' }],
])('a channel that is %s is given up, and the log names the day', async (what, sent) => {
  const { clock, teams, tell, failures } = await sealed()
  await tell('19:compliance', async () => sent)
  clock.set(later)
  await tell()
  expect(teams.said).toEqual([])
  expect(failures.map((cause) => faultOf(cause).error)).toEqual([
    `CheckpointUnannounced ${what}-${day(4)}`,
    `CheckpointUnannounced ${what}-${day(5)}`,
  ])
})

test('without a channel nothing is announced, now or later', async () => {
  const { clock, teams, tell, failures } = await sealed()
  await tell(null)
  clock.set(later)
  await tell()
  expect(teams.said).toEqual([])
  expect(failures).toEqual([])
})
