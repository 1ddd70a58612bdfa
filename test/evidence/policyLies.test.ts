import { sha256 } from '../../src/core/data/id.ts'
import { versionOf } from '../../src/core/record/policyVersion.ts'
import { judging } from '../../src/policyTool/judging.ts'
import { type BundleVerdict, verifyBundle } from '../../src/verify/bundle.ts'
import type { LoadVersion } from '../../src/verify/policyJudge.ts'
import { policies, type TrueDays, twoDays } from '../support/liars.ts'
import { type PolicyTexts, retold, retoldByDay, type Telling, tellingOf, type Told } from '../support/retelling.ts'
import { someOf } from '../support/whole.ts'
import { aboutAsk, lying, policyLies, policyOf } from './policyLies.ts'

let real: TrueDays

beforeAll(async () => {
  real = await twoDays()
})
afterAll(() => real.place.clean())

/** Verifies each day of a telling, until one does not hold. */
async function verdictOf(telling: Telling, load?: LoadVersion): Promise<BundleVerdict> {
  let verdict: BundleVerdict = { held: [] }
  let day = 0
  for (const members of retoldByDay(real.days, real.key, telling)) {
    const said = load && real.place.write('said.jsonl', real.said[day++] ?? '')
    verdict = await verifyBundle(await real.place.zip(members), { keys: [real.key.spki], load, said })
    if (verdict.problem) return verdict
  }
  return verdict
}

test('what happened holds, made and signed anew', async () => {
  const telling = tellingOf(real.days)
  const again = retold(real.days, real.key, telling)
  for (const [i, members] of again.entries()) {
    expect([...members.keys()]).toEqual([...(real.days[i]?.keys() ?? [])])
    for (const name of ['records.jsonl', 'carried.jsonl', 'requests.csv', 'exceptions.csv', 'metrics.csv'])
      expect(members.get(name)?.toString()).toBe(real.days[i]?.get(name)?.toString())
  }
  expect((await verdictOf(telling)).problem).toBeUndefined()
})

test.each([...someOf(policyLies, ([, , , row]) => row, 2)])(
  'a history made anew with %s is against policy',
  async (_lie, words, telling) => {
    const { problem } = await verdictOf(telling(real))
    expect(problem).toMatchObject({
      check: 'policy',
      code: 'against-policy',
      words: expect.stringMatching(words) as string,
    })
    expect(problem?.words).toMatch(/^Record \d+ \(“/)
  },
)

test('a version that no event announces breaks the rules', async () => {
  const [, after] = real.versions
  const { problem } = await verdictOf(
    aboutAsk('service.restart', (data) => ({ policy: { ...policyOf(data), version: after } }))(real),
  )
  expect(problem).toMatchObject({ check: 'rules', code: 'illegal-event' })
})

test('a version whose files are not there is missing', async () => {
  const other = `sha256:${'a'.repeat(64)}`
  const [before = ''] = real.versions
  const { problem } = await verdictOf(
    lying((event) => {
      const text = JSON.stringify(event)
      return text.includes(before) ? (JSON.parse(text.replaceAll(before, other)) as Told) : null
    })(real),
  )
  expect(problem).toMatchObject({ check: 'tables', code: 'missing-member' })
})

const edited = (name: string, edit: (text: string) => string): PolicyTexts =>
  new Map([...(policies[0] ?? [])].map(([one, text]) => [one, one === name ? edit(text) : text]))

/** Lets the first policy have been another. */
function underPolicy(texts: PolicyTexts): Telling {
  const version = versionOf([...texts].map(([name, text]) => [name, sha256(text)] as const))
  const [before = ''] = real.versions
  const telling = lying((event) => {
    const text = JSON.stringify(event)
    return text.includes(before) ? (JSON.parse(text.replaceAll(before, version)) as Told) : null
  })(real)
  return { ...telling, policies: [texts] }
}

test.each<[string, string, (text: string) => string]>([
  ['rules.json of another form', 'rules.json', (text) => text.replace('rules/v1', 'rules/v9')],
  ['annotations that are not known', 'rules.json', (text) => text.replaceAll('"approvers"', '"approvals"')],
  ['an approvers.json that cannot be read', 'approvers.json', (text) => text.slice(1)],
])('a policy with %s cannot be judged by', async (_what, name, edit) => {
  const { problem } = await verdictOf(underPolicy(edited(name, edit)))
  expect(problem).toMatchObject({ check: 'policy', code: 'cannot-judge' })
})

test('a policy that was never in force holds, with all that follows from it', async () => {
  const telling = underPolicy(edited('schema.cedarschema', (text) => `${text}// Never deployed.\n`))
  expect((await verdictOf(telling)).problem).toBeUndefined()
})

describe('with Cedar and what was written', () => {
  test('each ask of a day is judged anew', async () => {
    const verdict = await verdictOf(tellingOf(real.days), judging)
    expect(verdict.problem).toBeUndefined()
    expect(verdict.judged).toEqual({ asks: 3, anew: 1, hasCedar: true })
  })

  test('an outcome that the structure allows, and the conditions do not, is against policy', async () => {
    const telling = lying((event) => {
      if (event.request === undefined || !event.at.startsWith('2026-03-04')) return null
      const { policy, rules } = (event.data ?? {}) as { policy?: { rules: string[] }; rules?: string[] }
      if (policy?.rules.includes('never-drop'))
        return { ...event, data: { ...event.data, policy: { ...policy, outcome: 'no-policy', rules: [] } } }
      return rules?.includes('never-drop') ? { ...event, data: { ...event.data, rules: [] } } : null
    })(real)
    expect((await verdictOf(telling)).problem).toBeUndefined()
    expect((await verdictOf(telling, judging)).problem).toMatchObject({
      ...{ check: 'policy', code: 'against-policy' },
      words: expect.stringContaining(
        'it records “no-policy” by [], and Cedar answers: “forbid” by [never-drop]',
      ) as string,
    })
  })

  test('a list of rules that the Cedar files do not make is against policy', async () => {
    const texts = edited('rules.json', (text) => text.replace('"verbs":["db.drop"]', '"verbs":["db.drop","db.export"]'))
    const telling = underPolicy(texts)
    expect((await verdictOf(telling)).problem).toBeUndefined()
    expect((await verdictOf(telling, judging)).problem).toMatchObject({
      ...{ check: 'policy', code: 'against-policy' },
      words: expect.stringMatching(/^rules.json of policy .* does not list what the Cedar files/) as string,
    })
  })

  test('a policy that this program cannot load cannot be judged by', async () => {
    const telling = underPolicy(edited('allow.cedar', () => 'permit ('))
    expect((await verdictOf(telling)).problem).toBeUndefined()
    expect((await verdictOf(telling, judging)).problem).toMatchObject({ check: 'policy', code: 'cannot-judge' })
  })
})
