import { randomInt } from 'node:crypto'
import { shuffled } from '../support/chance.ts'
import { type Grounds, startGrounds } from '../../trials/crash/grounds.ts'
import { pointName, play, type Point, pointsOf } from '../../trials/crash/play.ts'

/** A few of the points of `npm run trial -- crash`, which tries them all. */
const seed = randomInt(2 ** 31)
const sample = 2

/** Milliseconds after which something hangs. */
const patience = 300_000

let grounds: Grounds
let points: readonly Point[]

beforeAll(async () => {
  grounds = await startGrounds(1 + sample)
  const { calls, hasCrashed } = await play(grounds, 'teams', null)
  expect(hasCrashed).toBe(false)
  points = shuffled(pointsOf('teams', calls), seed).slice(0, sample)
}, patience)

afterAll(() => grounds.close())

test(
  `a process that is killed at any call loses nothing, and repeats nothing (seed ${seed})`,
  async () => {
    expect(points).toHaveLength(sample)
    let crashes = 0
    for (const point of points) {
      const { hasCrashed } = await play(grounds, point.story, point).catch((cause: unknown) => {
        throw new Error(`npm run trial -- crash --only ${pointName(point)}`, { cause })
      })
      if (hasCrashed) crashes += 1
    }
    // A run may have a call less than the one that was counted: then its last point is not reached.
    expect(crashes).toBeGreaterThan(0)
  },
  patience,
)
