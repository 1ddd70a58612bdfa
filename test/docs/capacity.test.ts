import { bounds } from '../../src/core/data/bound.ts'
import { shards } from '../../src/core/data/id.ts'
import { teamsRules } from '../../src/teams/outbound/rules.ts'
import { readPage, rowsOf } from '../support/pages.ts'

const page = readPage('docs/operate/capacity.md')
const rows = new Map(rowsOf(page).map(([name = '', ...cells]) => [name, cells]))

/** The first number of a row's cell. */
function numberIn(name: string, cell: number): number {
  const text = rows.get(name)?.[cell] ?? ''
  return Number(/[\d,]+/.exec(text)?.[0].replaceAll(',', ''))
}

/** Milliseconds of a transaction, as the page assumes. */
const assumed = 10

const transactions = numberIn("transactions, all in the request's shard, one after the other", 0)
const inTransactions = numberIn('rows in them', 0)
const calls = numberIn('calls to tables and blobs until it is answered, with limits and the file of the redemption', 0)
const afterwards = numberIn('calls afterwards, for the cards', 0)
const cards = numberIn(
  'calls to Teams for each channel: the card, and an update for the vote, the redemption and the report',
  0,
)

const perAccount = numberIn('tables of an account', 0)
const perPartition = numberIn('one partition, which a shard is', 0)
const signatures = numberIn('Key Vault, P-256', 0) / 10
const perApp = numberIn('Teams, each app and tenant', 0)

/** Rows of a life: all, and those in its shard. */
const [all, inShard] = [50, 40]

test('the rows of a life are those that its calls read and write', () => {
  expect(Math.round((inTransactions + calls - transactions + afterwards) / 10) * 10).toBe(all)
  expect(page).toContain(`a life reads or writes about ${all} rows`)
  expect(page).toContain(`About ${inShard} of them`)
})

test.each<[string, number]>([
  ['Teams, one bot (only requests that people decide)', cards / perApp],
  ['rows in the tables of one account', all / perAccount],
  ['rows in each shard', inShard / shards.length / perPartition],
  [`the turns of each shard, if a transaction takes ${assumed} ms`, (transactions * assumed) / 1000 / shards.length],
  ['Key Vault, software keys, one grant each', 1 / signatures],
])('%s: the shares are what the page calculates', (name, share) => {
  const expected = [10, 100, 1_000].map((lives) => twoDigits(Math.round(share * lives * 100)))
  expect(rows.get(name)).toEqual(expected.map((percent) => `${percent.toLocaleString('en-US')} %`))
})

test('what the page says of the code is so', () => {
  const hour = teamsRules.perChannel.find(({ ms }) => ms === 3_600_000)?.most
  expect(rows.get('requests that people decide, in one channel')?.[0]).toBe(
    `${bounds.cardsPerChannel} open at once, ${(hour ?? 0) / cards} an hour`,
  )
  expect(teamsRules.perProcess).toEqual([{ most: perApp, ms: 1_000 }])
  expect(rows.get('Teams, one conversation')?.[0]).toBe(
    teamsRules.perChannel
      .map(({ most, ms }) => `${most.toLocaleString('en-US')} calls in ${ms / 1000}`)
      .join(', ')
      .replace(' in 1,', ' in a second,')
      .replaceAll(/, (\d+) calls/g, ', $1')
      .replace('1,800 calls in 3600', '1,800 in an hour'),
  )
  expect(page).toContain(`${shards.length} shards make at most ${shards.length},000 ÷`)
  const { pending, hourly } = bounds
  expect(rows.get('one agent')?.[0]).toBe(
    `${pending.otherwise} open requests, ${hourly.otherwise} asks an hour for people; up to ${pending.most} and ${hourly.most}`,
  )
})

/** Rounds above a hundred, as the page does. */
const twoDigits = (number: number): number => (number < 100 ? number : Math.round(number / 10) * 10)
