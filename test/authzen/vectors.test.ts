import { load } from '../policy/folder.ts'
import { deployBot } from '../policy/folder.ts'
import certification from './certification.json'
import { fixture } from './fixture.ts'
import { type House, house } from './house.ts'
import todo00 from './todo-00.json'
import todo01 from './todo-01.json'
import todo02 from './todo-02.json'

let here: House
beforeAll(async () => {
  here = await house({ policy: await load(fixture), agent: deployBot })
})

const single = certification.cases.filter(({ endpoint }) => endpoint === '/access/v1/evaluation')

test('the certification scenario has 19 cases of one evaluation, and ten of batches', () => {
  expect([single.length, certification.cases.length]).toEqual([19, 29])
})

test.each(single.map((one) => [`${one.section} ${one.title}`, one] as const))(
  'certification: %s',
  async (_title, { request, status, decisions }) => {
    const answer = await here.call('evaluate', { body: request, headers: { 'x-request-id': 'bfe9eb29-ab87' } })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('x-request-id')).toBe('bfe9eb29-ab87')
    if (decisions) expect(answer.json.decision).toBe(decisions[0])
  },
)

test.each([
  ['1.0 draft 00', todo00],
  ['1.0 draft 01', todo01],
  ['1.0 draft 02', todo02],
])('the todo application of %s gets its 40 decisions', async (_version, { evaluation }) => {
  const answers: unknown[] = []
  for (const { request } of evaluation) {
    const { status, json } = await here.call('evaluate', { body: request })
    answers.push([request, status, json.decision])
  }
  expect(answers).toEqual(evaluation.map(({ request, expected }) => [request, 200, expected]))
  expect(evaluation).toHaveLength(40)
})

test('every decision of the vectors is in the log: the permitted ones as redeemed', async () => {
  const events = await here.recorded()
  const permitted = [todo00, todo01, todo02].flatMap(({ evaluation }) => evaluation).filter(({ expected }) => expected)
  const certified = single.filter(({ decisions }) => decisions?.[0])
  expect(events.filter((type) => type === 'redeemed')).toHaveLength(permitted.length + certified.length)
})
