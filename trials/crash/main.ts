import { shuffled } from '../../test/support/chance.ts'
import { Misuse, program, say, seedOption, whole } from '../program.ts'
import { type Grounds, startGrounds } from './grounds.ts'
import { pointName, play, type Played, type Point, pointsOf } from './play.ts'
import { isStory, stories, type StoryName } from './stories.ts'
import { isWrite } from './wire.ts'

const help = `Plays each story once to count the app's calls to its storage, to Teams and to Slack. Then plays it again for each of
these calls, and kills the app (SIGKILL) before the call arrives, or after it was carried out and before its answer arrives.
Starts the app again on the same storage, repeats calls without an answer, and checks that nothing is lost, doubled or
untrue.

  --story NAMES  some of ${Object.keys(stories).join(',')}
  --only POINT   one point, as it is printed: teams:17:after
  --most N       only N points, chosen by chance
  --seed N       repeats the order of an earlier run
  --jobs N       points that are tried at once (2)
  --calls        lists the points without trying them
`

/** More than there are points, because each run has a storage account of its own. */
const mostRuns = 3_000

interface Failure {
  readonly name: string
  readonly cause: unknown
}

interface Wanted {
  readonly story?: string | undefined
  readonly only?: string | undefined
  readonly most: string
  readonly seed: string
  readonly jobs: string
  readonly calls: boolean
}

/** @returns the exit code */
async function run(values: Wanted): Promise<number> {
  const [name = values.story, at, when] = values.only?.split(':') ?? []
  const [seed, jobs] = [whole(values.seed, '--seed'), whole(values.jobs, '--jobs', 1)]
  const most = whole(values.most, '--most')
  const wanted = (name?.split(',') ?? Object.keys(stories)).map(storyIn)
  const grounds = await startGrounds(mostRuns)
  try {
    const all: Point[] = []
    for (const story of wanted) all.push(...(await count(grounds, story)))
    const isWanted = (point: Point) => at === undefined || pointName(point) === `${name}:${at}:${when}`
    const some = shuffled(all, seed).slice(0, most)
    if (values.calls) {
      for (const point of all) say(`${pointName(point).padEnd(20)} ${point.call}`)
      return 0
    }
    say(`seed ${seed}: repeat with --seed ${seed}`)
    return await killAll(grounds, some.filter(isWanted), jobs)
  } finally {
    await grounds.close()
  }
}

function storyIn(name: string): StoryName {
  if (!isStory(name)) throw new Misuse(`There is no story “${name}”.`)
  return name
}

/** Plays a story without a crash, which must hold as well. */
async function count(grounds: Grounds, story: StoryName): Promise<readonly Point[]> {
  const { calls } = await play(grounds, story, null)
  const points = pointsOf(story, calls)
  const writes = calls.filter(isWrite).length
  say(`${story.padEnd(9)} ${calls.length} calls, ${writes} of them write: ${points.length} points`)
  return points
}

/** @returns the exit code */
async function killAll(grounds: Grounds, points: readonly Point[], jobs: number): Promise<number> {
  const started = performance.now()
  const left = [...points]
  const played: Played[] = []
  const failures: Failure[] = []
  const work = async () => {
    for (let point = left.shift(); point; point = left.shift()) {
      try {
        played.push(await play(grounds, point.story, point))
      } catch (cause) {
        failures.push({ name: pointName(point), cause })
        say(
          `${pointName(point)} (${point.call}) FAILED: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
        )
      }
      const done = played.length + failures.length
      if (done % 25 === 0)
        say(`${done} of ${points.length} points, ${failures.length} failed, ${secondsSince(started)} s`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  const crashed = played.filter(({ hasCrashed }) => hasCrashed).length
  const orphans = played.reduce((sum, one) => sum + one.orphans, 0)
  say(
    `${points.length} points in ${secondsSince(started)} s: ${crashed} crashes survived, ${orphans} orphaned cards, all mended`,
  )
  if (crashed < played.length)
    say(`${played.length - crashed} points were not reached, because the run had fewer calls`)
  if (failures.length > 0) say(`${failures.length} FAILED: ${failures.map(({ name }) => name).join(' ')}`)
  return failures.length === 0 && crashed > 0 ? 0 : 1
}

const secondsSince = (started: number): number => Math.round((performance.now() - started) / 1000)

program({
  name: 'crash',
  help,
  options: {
    story: { type: 'string' },
    only: { type: 'string' },
    most: { type: 'string', default: String(mostRuns) },
    seed: seedOption(),
    jobs: { type: 'string', default: '2' },
    calls: { type: 'boolean', default: false },
  },
  run,
})
