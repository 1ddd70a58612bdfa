import { sha256 } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { readCards } from '../../src/runtime/folder.ts'
import { after, dba, dba2 } from '../support/build.ts'
import { objects } from '../cards/drawn.ts'
import { asks } from '../support/world.ts'
import { secondEraser, type Served, served } from './served.ts'

const template = sha256(readCards('cards').get('review.json') ?? '')
const long = { params: { a: 'x'.repeat(5_000) }, action: 'db.export', target: 'prod/x', environment: 'production' }

let here: Served

beforeEach(async () => {
  here = await served()
})

const asked = async (more: Parameters<typeof asks>[0] = {}): Promise<ApprovalRequest> =>
  (await here.approvals.ask(asks(more))).request
const shown = async ({ id }: ApprovalRequest, who = 'approver', page = 1) =>
  (await here.call('views', who, { params: { id }, body: { page } })).json
const again = ({ id }: ApprovalRequest, view: string, query = '', who = 'Evidence.Read') =>
  here.call('shownView', who, { params: { id, view }, query })

test('what was shown is drawn again as it was, without anything to press', async () => {
  const request = await asked({
    reason: 'Quarterly report.',
    links: [{ title: 'FIN-881', url: 'https://a.example/1' }],
  })
  const { view, card } = await shown(request)
  here.clock.set(after(30))
  await shown(request, 'other approver')
  const body = { verdict: 'deny', reason: 'Not today.', view }
  await here.call('decide', 'approver', { params: { id: request.id }, body })
  const { status, json } = await again(request, view)
  expect(status).toBe(200)
  expect(json).toMatchObject({ view, template, page: 1, pages: 1, erased: [] })
  expect(json.shown.map(({ approver, page }: Record<string, unknown>) => [approver, page])).toEqual([
    [dba, 1],
    [dba2, 1],
  ])
  const pressed = /^(?:ActionSet$|Action\.|Input\.)/
  const kinds = (drawn: object) => objects(drawn).flatMap(({ type }) => (typeof type === 'string' ? [type] : []))
  expect(kinds(card).filter((kind) => pressed.test(kind))).not.toEqual([])
  expect(kinds(json.card).filter((kind) => pressed.test(kind))).toEqual([])
  const texts = (drawn: object) => objects(drawn).flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
  expect(texts(card)).toEqual(expect.arrayContaining(texts(json.card)))
  expect(texts(json.card).join(' ')).toContain('Quarterly report.')
  expect(texts(json.card).join(' ')).not.toContain('Not today.')
})

test('what was shown in Slack is drawn from its own template, as a picture of ours', async () => {
  const request = await asked({ reason: 'Quarterly report.' })
  const inSlack = sha256(readCards('cards').get('slack-review.json') ?? '')
  const { view } = await here.approvals.review(request.id, dba, { page: 1, template: inSlack, via: 'slack' })
  const { status, json } = await again(request, view ?? '')
  expect([status, json.template]).toEqual([200, inSlack])
  const texts = objects(json.card).flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
  expect(texts[0]).toContain('This picture of it is drawn by Countersign')
  expect(texts.join(' ')).toContain('Quarterly report.')
})

test('each page is drawn that was shown, the first one unless another is asked for', async () => {
  const request = await asked({ action: long })
  const { view } = await shown(request, 'approver', 2)
  expect((await again(request, view)).json).toMatchObject({ page: 2, pages: 2 })
  expect((await again(request, view, '?page=1')).json).toMatchObject({ status: 404, pointer: '/page' })
  await shown(request, 'approver', 1)
  expect((await again(request, view, '?page=1')).json).toMatchObject({ page: 1, pages: 2 })
  expect((await again(request, view, '?page=0')).json).toMatchObject({ status: 400, pointer: '/page' })
})

test('a view that nobody was shown is not found, and one that is no digest is refused', async () => {
  const request = await asked()
  expect((await again(request, `sha256:${'0'.repeat(64)}`)).json).toMatchObject({ status: 404, pointer: '/view' })
  const { view } = await shown(request)
  expect((await again(await asked({ action: long }), view)).json).toMatchObject({ status: 404, pointer: '/view' })
  expect((await again(request, 'sha256:1')).json).toMatchObject({ status: 400, pointer: '/view' })
})

test('only readers of evidence see it, not even those who were shown it', async () => {
  const request = await asked()
  const { view } = await shown(request)
  for (const who of ['approver', 'no role', 'Evidence.Export', 'agent'])
    expect([who, (await again(request, view, '', who)).status]).toEqual([who, 403])
})

test('what was erased is not drawn, and named', async () => {
  const request = await asked({ reason: 'A name of a customer.' })
  const { view } = await shown(request)
  const body = { verdict: 'deny', reason: 'No.', view }
  await here.call('decide', 'approver', { params: { id: request.id }, body })
  const erasure = { request: request.id, names: ['action', 'reason'], why: 'They asked for it.' }
  for (const who of ['Evidence.Erase', secondEraser]) await here.call('erasures', who, { body: erasure })
  const { json } = await again(request, view)
  expect(json.erased).toEqual(['action', 'reason'])
  expect(JSON.stringify(json.card)).not.toContain('A name of a customer.')
  expect(JSON.stringify(json.card)).not.toContain(request.action?.target)
})

test('an earlier template is found in the archive, by its digest, under whichever version', async () => {
  const request = await asked()
  const old = Buffer.from(
    Buffer.from(readCards('cards').get('review.json') ?? '')
      .toString('utf8')
      .replace('"version": "1.5"', '"version": "1.4"'),
  )
  const { view } = await here.approvals.review(request.id, dba, { page: 1, template: sha256(old), via: 'cli' })
  const lost = await again(request, view ?? '')
  expect(lost.json).toMatchObject({ status: 404, pointer: '/view' })
  expect(lost.json.detail).toContain('template')
  await here.archive.create(`policy/${'a'.repeat(64)}/cards/review.json`, Buffer.from('{}'))
  await here.archive.create(`policy/${'b'.repeat(64)}/cards/review.json`, old)
  const { json } = await again(request, view ?? '')
  expect(json).toMatchObject({ template: sha256(old), card: { version: '1.4' } })
})
