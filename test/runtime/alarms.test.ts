import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrokenRow, evidenceBroken } from '../../src/core/data/problem.ts'
import { Alarms } from '../../src/runtime/alarms.ts'

const row = (seq: number): BrokenRow => ({ shard: '07', row: `event-${seq}`, check: 'mac' })

function noting() {
  const lines: unknown[] = []
  return { alarms: new Alarms((cause) => void lines.push(cause)), lines }
}

test('a row is noted and logged once, and another error is logged each time', () => {
  const { alarms, lines } = noting()
  const fault = new Error('A fault.')
  for (const cause of [evidenceBroken(row(1)), evidenceBroken(row(1)), fault, fault, evidenceBroken(row(2))])
    alarms.failed(cause)
  expect(alarms.rows()).toEqual([row(1), row(2)])
  expect(lines).toHaveLength(4)
})

test('rows that hold by now are forgotten; those that do not, or cannot be read, stay', async () => {
  const { alarms, lines } = noting()
  for (const seq of [1, 2, 3]) alarms.note(evidenceBroken(row(seq)))
  await alarms.recheck(async ({ row: name }) => {
    if (name === 'event-3') throw new Error('Away.')
    return name === 'event-1'
  })
  expect(alarms.rows()).toEqual([row(2), row(3)])
  alarms.note(evidenceBroken(row(1)))
  expect(alarms.rows()).toContainEqual(row(1))
  expect(lines).toHaveLength(4)
})

test('no more than a hundred rows are named', () => {
  const { alarms } = noting()
  for (let seq = 0; seq < 150; seq++) alarms.note(evidenceBroken(row(seq)))
  expect(alarms.rows()).toHaveLength(100)
})

test.each(['src/deployment.ts', 'src/local/stack.ts'])(
  '%s lets the witness report to the alarms that health names',
  (file) => {
    // The deployed app starts on Azure alone, so that its source is what can be looked at.
    const source = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
    expect(source).toMatch(/Witness(\.begin)?\(\{ \.\.\.storage, clock, failed: alarms\.failed,/)
    expect(source).toMatch(/compose\(\{[^]*\n {4}alarms,\n/)
  },
)
