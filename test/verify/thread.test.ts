import { join } from 'node:path'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { buildProgram, type Program } from '../cli/program.ts'
import { type Members, resign, rewrite, textIn } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { type Sealed, sealedDays } from './days.ts'

let days: Sealed
let program: Program

beforeAll(async () => {
  days = await sealedDays()
  program = await buildProgram()
})
afterAll(() => {
  days.place.clean()
  program.end()
})

/** The same, with the rules replayed here and in a thread. */
async function both(members: Members, saidText?: string) {
  const file = await days.place.zip(members)
  const said = saidText === undefined ? undefined : days.place.write('said.jsonl', saidText)
  const told: number[] = []
  const options = { keys: [days.key.spki], said, progress: (done: number) => void told.push(done) }
  const thread = { script: join(program.folder, 'countersign.cjs'), from: 0 }
  return { here: await verifyBundle(file, options), there: await verifyBundle(file, { ...options, thread }), told }
}

test('a thread finds that a bundle and its said file hold', async () => {
  const { here, there, told } = await both(await days.members(day(4)), await days.said(day(4)))
  expect(there).toEqual(here)
  expect(there.problem).toBeUndefined()
  expect(there.said?.given).toBeGreaterThan(0)
  expect(told).toEqual([here.manifest?.counts.records, here.manifest?.counts.records])
})

test('a thread finds the same problems', async () => {
  const members = await days.members(day(5))
  const edited = (name: string, edit: (text: string) => string) =>
    resign(new Map([...members, [name, Buffer.from(edit(textIn(members, name)))]]), days.key)
  const cases: readonly Members[] = [
    edited('requests.csv', (text) => text.replace('expired', 'cancelled')),
    edited('carried.jsonl', () => ''),
    edited('records.jsonl', (text) => text.replace('{"actor"', '{ "actor"')),
    rewrite(members, days.key, (events) => events.filter(({ type }) => type !== 'decided')),
  ]
  for (const one of cases) {
    const { here, there } = await both(one)
    expect(here.problem).toBeDefined()
    expect(there).toEqual(here)
  }
  const { here, there } = await both(members, 'x\n')
  expect(here.problem?.code).toBe('bad-said')
  expect(there).toEqual(here)
})

test('a thread that fails is an error, not a verdict', async () => {
  const file = await days.file(day(4))
  const thread = { script: days.place.write('thread.cjs', 'throw new Error("no thread")'), from: 0 }
  await expect(verifyBundle(file, { keys: [days.key.spki], thread })).rejects.toThrow('no thread')
  const gone = { script: days.place.write('gone.cjs', 'process.exit(0)'), from: 0 }
  await expect(verifyBundle(file, { keys: [days.key.spki], thread: gone })).rejects.toThrow('ended')
})
