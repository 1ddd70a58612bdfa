/** The tests of a day, in the order of every format. */
export const testIds = [
  'no-self-approval',
  'redeemed-only-when-approved',
  'quorum-met',
  'outcome-reported',
  'log-complete',
] as const
export type DayTestId = (typeof testIds)[number]

/** What is counted of a test: of how much, and how much of that is an exception. */
export interface PopulationCount {
  readonly population: number
  readonly exceptions: number
}

/** A test of a day: the only results that are claimed. */
export interface DayTest extends PopulationCount {
  readonly id: DayTestId
  readonly title: string
  /** What the population is made of. */
  readonly unit: string
  /** The controls of NIST SP 800-53 that it supports. */
  readonly controls: readonly string[]
  /** The files of the bundle that it was computed from. */
  readonly members: readonly string[]
}

type Description = Omit<DayTest, 'id' | keyof PopulationCount>

/** What each test says. docs/evidence/formats.md explains how each is counted. */
export const testDescriptions: Readonly<Record<DayTestId, Description>> = {
  'no-self-approval': {
    title: 'Nobody approved what they asked for',
    unit: 'approving votes',
    controls: ['AC-5'],
    members: ['records.jsonl', 'carried.jsonl'],
  },
  'redeemed-only-when-approved': {
    title: 'Every action that was carried out had been approved before',
    unit: 'redemptions',
    controls: ['AC-6(9)', 'CM-3', 'CM-5'],
    members: ['records.jsonl', 'carried.jsonl', 'requests.csv'],
  },
  'quorum-met': {
    title: 'Every approval had the people that the rules ask for',
    unit: 'approvals by people',
    controls: ['AC-5', 'CM-3'],
    members: ['records.jsonl', 'carried.jsonl', 'requests.csv'],
  },
  'outcome-reported': {
    title: 'The outcome of every redeemed action was reported in time',
    unit: 'executions that were reported or overdue',
    controls: ['AU-12'],
    members: ['records.jsonl', 'exceptions.csv'],
  },
  'log-complete': {
    title: 'No record is missing, and none was changed',
    unit: 'records',
    controls: ['AU-9', 'AU-10'],
    members: ['checkpoint.prev', 'checkpoint', 'checkpoint.add', 'records.jsonl', 'manifest.sigstore.json'],
  },
}

/** The tests without what a day says of them, for documents that are about the product. */
export const describedTests: readonly (Description & Pick<DayTest, 'id'>)[] = testIds.map((id) => ({
  id,
  ...testDescriptions[id],
}))
