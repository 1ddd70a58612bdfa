import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page, Route } from 'playwright-core'
import { parseOptions } from '../../src/cli/options.ts'
import { verify } from '../../src/cli/verify.ts'
import type { BundleList, EventList } from '../../src/contract/evidenceAnswers.ts'
import { TooLarge, tarOf } from '../../src/console/evidence/tar.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { proofsIn } from '../../src/verify/proof.ts'
import { zipName } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { inWhole } from '../support/whole.ts'
import { dates, type Sealed, sealedDays } from '../verify/days.ts'
import { type EvidencePage, openEvidencePage, origin } from './evidencePage.ts'
import { flawsOf } from './visitor.ts'

/** The console's Evidence page, with five sealed days in memory: what it verifies, and what it says of bad input. */

jest.setTimeout(300_000)

const first = day(4)

let days: Sealed
let opened: EvidencePage
let page: Page
let folder: string

beforeAll(async () => {
  days = await sealedDays()
  folder = days.place.path
  for (const date of dates) {
    await days.file(date)
    days.place.write(`said-${date}.jsonl`, await days.said(date))
  }
  opened = await openEvidencePage(days)
  page = opened.page
  // A worker stays after its work, so that it can be asked what it may reach.
  await page.addInitScript('Worker.prototype.terminate = () => undefined')
  await page.reload()
  await giveKey(days.pem)
})
afterAll(async () => {
  await opened?.close()
  days.place.clean()
})

const silent = {
  ...{ say: () => undefined, warn: () => undefined, address: () => undefined },
  ...{ progress: () => undefined, show: () => undefined, record: () => undefined },
}

/** The files of the days, by name. */
const names = dates.flatMap((date) => [zipName(date), `said-${date}.jsonl`])

const verdict = () => page.locator('.verdict')
const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
/** Verifies the day with the decision, and says how it ended. */
async function verified(): Promise<string> {
  await page.getByRole('button', { name: / 4 March 2026:/ }).click()
  await page.evaluate("document.querySelector('.verdict')?.setAttribute('data-old', '')")
  await press('Verify here')
  await page.locator('.result .verdict:not([data-old]), .result [role=alert]').waitFor()
  return page.locator('.result').innerText()
}

async function giveKey(file: string | { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
  await page.locator('input[type=file]').setInputFiles(file)
  await page.locator('.keys code').waitFor()
}

/** What the page saves, as the command writes it with `--json`. */
async function saved(): Promise<JsonObject> {
  const [file] = await Promise.all([page.waitForEvent('download'), press('Save the result')])
  return JSON.parse(await readFile(await file.path(), 'utf8')) as JsonObject
}

async function byCommand(...args: readonly string[]): Promise<JsonObject> {
  const options = parseOptions(['verify', ...args, '--key', days.pem])
  return (await verify({ options, environment: {}, screen: silent }, '')).record
}

test('needs the reader’s own key, which the browser keeps and shows by its thumbprint', async () => {
  await page.getByRole('button', { name: /^Remove/ }).click()
  await page.getByText('Give your key first').first().waitFor()
  const all = page.getByRole('button', { name: 'Verify all days here' })
  expect(await all.getAttribute('aria-disabled')).toBe('true')
  const secret = { name: 'secret.pem', mimeType: '', buffer: Buffer.from('-----BEGIN PRIVATE KEY-----\nAA==\n') }
  await page.locator('input[type=file]').setInputFiles(secret)
  await page.getByText('secret.pem has a private key').waitFor()
  await giveKey(days.pem)
  const thumbprint = await page.locator('.keys code').innerText()
  expect(thumbprint).toMatch(/^[\w-]{43}$/)
  await page.reload()
  await page.locator('.keys code', { hasText: thumbprint }).waitFor()
  const kept = await page.evaluate('Object.keys(localStorage).sort().join()')
  expect(kept).toBe('countersign.keys,countersign.theme')
  expect(await all.getAttribute('aria-disabled')).toBe('false')
})

inWhole(() => {
  test('all days of a period are downloaded as one archive, and verified in a row, as by the command', async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), press('Download all files')])
    expect(file.suggestedFilename()).toMatch(/^countersign-evidence-\d{4}-\d\d\.tar$/)
    const unpacked = await mkdtemp(join(folder, 'unpacked-'))
    execFileSync('tar', ['-xf', await file.path(), '-C', unpacked])
    const all = (await readdir(unpacked)).toSorted()
    expect(all.filter((name) => !name.startsWith('said-'))).toEqual(['checkpoint.txt', ...dates.map(zipName)])
    for (const name of all.filter((one) => names.includes(one)))
      expect(await readFile(join(unpacked, name))).toEqual(await readFile(join(folder, name)))
    await press('Verify all days here')
    await verdict().waitFor()
    expect(await verdict().innerText()).toContain('VERIFIED')
    expect(await page.locator('.answer tbody tr').count()).toBe(dates.length)
    expect(await page.locator('.date.held').count()).toBe(dates.length)
    const ends = ['--from', '2026-03-04', '--through', '2026-03-08']
    const kept = ['--checkpoint', join(unpacked, 'checkpoint.txt')]
    expect(await saved()).toEqual(await byCommand('--chain', unpacked, ...ends, ...kept))
  })
})

test('the day of a decision verifies, with the verdict of the command; neither page nor worker reach anything', async () => {
  const started = page.waitForEvent('worker')
  expect(await verified()).toContain('VERIFIED')
  const given = [join(folder, zipName(first)), '--said', join(folder, `said-${first}.jsonl`)]
  expect(await saved()).toEqual(await byCommand(...given))
  const worker = await started
  expect(worker.url()).toMatch(/\/console\/assets\/verify-\w+\.js$/)
  const reaching = `Promise.all([
    fetch('/console/config.json').then(() => 'fetched', () => 'refused'),
    Promise.resolve().then(() => importScripts('/console/verify.html')).then(() => 'loaded', () => 'refused'),
  ])`
  expect(await worker.evaluate(reaching)).toEqual(['refused', 'refused'])
  const starting = `Promise.all(['verifier', 'another'].map((name) => Promise.resolve()
    .then(() => trustedTypes.createPolicy(name, {})).then(() => 'allowed', () => 'refused'))
    .concat(Promise.resolve().then(() => new Worker('/console/assets/x.js')).then(() => 'started', () => 'refused')))`
  expect(await page.evaluate(starting)).toEqual(['refused', 'refused', 'refused'])
})

test('a changed or cut bundle, and another key, never hold, and have the codes of the command', async () => {
  const zip = await readFile(join(folder, zipName(first)))
  const path = `**/api/evidence/bundles/${first}`
  const flipped = Buffer.from(zip)
  flipped[zip.length >> 1] = (flipped[zip.length >> 1] ?? 0) ^ 1
  for (const bytes of [flipped, zip.subarray(0, zip.length - 100), Buffer.from('nothing'), Buffer.of()]) {
    await page.route(path, (route) => route.fulfill({ body: bytes, contentType: 'application/zip' }))
    const said = await verified()
    await page.unroute(path)
    expect(said).not.toMatch(/VERIFIED|HOLDS/)
    const file = join(folder, 'changed.zip')
    await writeFile(file, bytes)
    const expected = await byCommand(file).catch((cause: Error) => ({ problem: { code: cause.message } }))
    const { code } = expected['problem'] as { readonly code: string }
    expect(said).toContain(code.replace(file, zipName(first)))
  }
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = Buffer.from(publicKey.export({ format: 'pem', type: 'spki' }))
  await page.getByRole('button', { name: /^Remove/ }).click()
  await giveKey({ name: 'other.pem', mimeType: '', buffer: pem })
  expect(await verified()).toContain('wrong-key')
  expect(await page.locator('.date.failed').count()).toBe(1)
  await page.getByRole('button', { name: /^Remove/ }).click()
  await giveKey(days.pem)
})

inWhole(() => {
  test('a fetch that fails says which file, and another try asks for the rest; work can be cancelled', async () => {
    const path = `**/api/evidence/said/${first}`
    await page.route(path, (route) => route.abort())
    expect(await verified()).toContain(`said-${first}.jsonl could not be fetched. The service cannot be reached.`)
    await page.unroute(path)
    await press('Try again')
    await verdict().waitFor()
    const waiting = new Promise<Route>((done) => void page.route(path, done))
    await press('Verify here')
    const route = await waiting
    await press('Cancel')
    await page.locator('.result').getByText('Cancelled.').last().waitFor()
    await route.abort()
    await page.unroute(path)
    expect(await verified()).toContain('VERIFIED')
  })
})

inWhole(() => {
  test('the verdict has no flaw that axe finds, in each theme, and fits 320 pixels', async () => {
    await verified()
    expect(await flawsOf(page)).toEqual([])
    for (const theme of ['dark', 'contrast', 'light']) {
      await page.getByLabel('Colours').selectOption(theme)
      expect(await flawsOf(page, 'color-contrast')).toEqual([])
    }
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    await page.setViewportSize({ width: 1280, height: 900 })
  })
})

inWhole(() => {
  test('a quarter has its months; an empty day verifies, and a lost one is named and breaks the row', async () => {
    const listing = page.waitForResponse('**/api/evidence/bundles')
    await page.goto(`${origin}/console/evidence?quarter=2026-Q1`)
    const { bundles } = (await (await listing).json()) as BundleList
    await page.getByRole('heading', { level: 2, name: 'Q1 2026' }).waitFor()
    expect(await page.locator('.month h3').allInnerTexts()).toEqual(['January 2026', 'February 2026', 'March 2026'])
    expect(await page.locator('.month button').count()).toBe(dates.length)
    await page.getByRole('button', { name: / 6 March 2026: sealed, without an event/ }).click()
    expect(new URL(page.url()).search).toBe('?quarter=2026-Q1&day=2026-03-06')
    expect(await page.locator('[aria-labelledby=day-title] .badge').innerText()).toBe('sealed, without an event')
    await press('Verify here')
    await verdict().waitFor()
    expect(await verdict().innerText()).toContain('VERIFIED')
    expect(await flawsOf(page)).toEqual([])

    const lost = { date: day(7), what: 'bundle' }
    const list = { bundles: bundles.filter(({ date }) => date !== lost.date), missing: [lost] }
    await page.route('**/api/evidence/bundles', (route) => route.fulfill({ json: list }), { times: 1 })
    await page.reload()
    await page.getByText('Missing: 2026-03-07').waitFor()
    await page.getByRole('button', { name: / 7 March 2026: something is missing/ }).click()
    await page.getByText('The service does not have its bundle any more.').waitFor()
    expect(await page.getByRole('button', { name: 'Verify here', exact: true }).count()).toBe(0)
    expect(await flawsOf(page)).toEqual([])
    await press('Verify all days here')
    await verdict().waitFor()
    expect(await verdict().innerText()).not.toMatch(/VERIFIED|HOLDS/)
    expect(await page.locator('.date.failed').count()).toBe(1)
  })
})

test('a story proves its events: a changed proof does not hold, and that of another event is told apart', async () => {
  const { request } = opened
  await page.goto(`${origin}/console/requests/${request}`)
  const prove = page.getByRole('button', { name: 'Prove it here' }).first()
  await prove.click()
  await page.getByText('VERIFIED: the log has this event').waitFor()
  const proofs = await proofsIn(join(folder, zipName(first)), parseRequestId(request))
  const texts = proofs.map(({ text }) => text)
  const changed = async (given: readonly string[]): Promise<string> => {
    const json = { proofs: proofs.map(({ event: { seq } }, i) => ({ seq, text: given[i] })), unsealed: [] }
    await page.route(`**/api/requests/${request}/proof`, (route) => route.fulfill({ json }), { times: 1 })
    await prove.click()
    await prove.click()
    const alert = page.locator('.events [role=alert]')
    await alert.waitFor()
    return alert.innerText()
  }
  expect(await changed(texts.toReversed())).toContain('The proof holds, but for another event')
  expect(await changed(texts.map((text) => text.replace('\nindex ', '\nindex 1')))).toContain('bad-proof')
})

inWhole(() => {
  test('a story whose events could not be loaded says so in print, too', async () => {
    const { request } = opened
    await page.route(`**/api/requests/${request}/events`, (route) => route.abort(), { times: 1 })
    await page.goto(`${origin}/console/requests/${request}`)
    await page.getByRole('alert').waitFor()
    await page.emulateMedia({ media: 'print' })
    const printed = await page.locator('body').innerText()
    await page.emulateMedia({ media: 'screen' })
    expect(printed).toContain('The service cannot be reached.')
    expect(printed).not.toContain('Try again')
  })

  test('an erasure that waits is named by the story, and the proofs are checked as soon as it is done', async () => {
    const { request } = opened
    const me = { id: 'a', name: 'Compliance', roles: ['Evidence.Read', 'Evidence.Erase'], groups: [] }
    await page.route('**/api/me', (route) => route.fulfill({ json: me }))
    await page.route('**/api/evidence/holds', (route) => route.fulfill({ json: { holds: [], names: {} } }))
    const path = `**/api/requests/${request}/events`
    const listing = page.waitForResponse(path)
    await page.goto(`${origin}/console/requests/${request}`)
    const { events } = (await (await listing).json()) as EventList
    const leaf = JSON.stringify({
      ...{ type: 'erasure-asked', seq: 99, at: '2026-03-08T12:00:00.000Z', request },
      ...{ actor: { kind: 'person', id: 'b' }, data: { names: ['action'], accounts: ['b'] } },
    })
    const ask = { leaf, hash: 'ask', said: { why: { salt: '', text: 'GDPR 2026-118' } } }
    const list = { events: [...events, ask], people: { b: 'Dana Burke' } }
    await page.route(path, (route) => route.fulfill({ json: list }))
    await page.reload()
    const notice = page.locator('.story .notice')
    await notice.getByText('Dana Burke asked to erase:').waitFor()
    expect(await notice.innerText()).toMatch(/What was asked[^]*GDPR 2026-118[^]*erased at once/)
    expect(await flawsOf(page)).toEqual([])
    await page.getByRole('link', { name: 'Go to the erasure' }).click()
    await page.getByLabel('Why').fill('The same')
    await page.getByLabel(/^To confirm/).fill(request.slice(-6))
    const answers = [
      { status: 409, json: { code: 'on-hold', detail: 'A hold came.' } },
      { status: 503, json: { code: 'busy', detail: 'Others write, too.' } },
      { json: { request, erased: [{ event: events[0]?.hash, names: ['action'] }] } },
    ]
    await page.route('**/api/evidence/erasures', (route) => route.fulfill(answers.shift() ?? {}))
    await press('Erase now')
    await page.getByRole('alert').getByText('A hold came.').waitFor()
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
    await press('Erase now')
    await press('Try again')
    await page.getByText('The texts are erased.').waitFor()
    const proofs = page.getByRole('region', { name: 'Its proofs' })
    await proofs.getByText('VERIFIED: the log has this event').waitFor()
    expect(await proofs.getByRole('button', { name: 'Prove it here' }).count()).toBe(events.length)
    expect(await proofs.getByText('sealed later').count()).toBe(1)
    expect(await flawsOf(page)).toEqual([])
    await page.unrouteAll()
  })
})

inWhole(() => {
  test('metrics have shares beside the counts, and the time to decide by rule, from the fastest to the slowest day', async () => {
    const ofRule = (values: Readonly<Record<string, number>>) =>
      [
        ['all', undefined],
        ['rule', 'export-needs-dba'],
      ].flatMap(([by, of]) => Object.entries(values).map(([metric, value]) => ({ by, of, metric, value })))
    const votes = (of: string, approve: number, deny: number) => [
      { by: 'approver', of, metric: 'approve', value: approve },
      { by: 'approver', of, metric: 'deny', value: deny },
    ]
    const times = (p50: number, p90: number) => ({ 'decide-p50': p50, 'decide-p90': p90 })
    const first = { asked: 5, 'approved-by-people': 3, expired: 1, 'look-n': 3, unseen: 1, ...times(30_000, 60_000) }
    const second = { lapsed: 1, succeeded: 3, 'look-n': 4, hasty: 2, ...times(600_000, 7_200_000) }
    const answer = {
      days: [
        { date: day(4), rows: [...ofRule(first), ...votes('b', 1, 1), ...votes('c', 3, 0)] },
        { date: day(5), rows: [...ofRule(second), ...votes('b', 0, 4)] },
        { date: day(6), missing: 'not-sealed' },
      ],
      names: { b: 'Dana Burke', c: 'Someone with a rather long name' },
    }
    await page.route('**/api/evidence/metrics?*', (route) => route.fulfill({ json: answer }))
    await page.goto(`${origin}/console/metrics?month=2026-03`)
    const rowIn = async (table: string, of: string) => {
      const row = page.getByRole('table', { name: table }).getByRole('row', { name: new RegExp(of) })
      return (await row.locator('td').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '))
    }
    await page.getByRole('table', { name: 'By rule' }).waitFor()
    expect(await rowIn('By day', day(4))).toEqual(['5', '3', '0', '1 25%', '0', '0', '1 25%', '30 s', '60 s'])
    const together = ['5', '3', '0', '1 25%', '1 25%', '2 25%', '1 12.5%', '30 s – 10 min', '60 s – 2 h']
    expect(await rowIn('By rule', 'export-needs-dba')).toEqual(together)
    expect(await rowIn('By approver', 'Dana Burke')).toEqual(['1', '5', '0', '0', '0'])
    const load = page.getByRole('img', { name: 'Votes of the busiest approvers' })
    expect(await load.locator('title').allTextContents()).toEqual([
      ...['Dana Burke: Approvals 1', 'Dana Burke: Denials 5'],
      ...['Someone with a rather long name: Approvals 3', 'Someone with a rather long name: Denials 0'],
    ])
    expect(await page.getByRole('img').count()).toBe(4)
    expect(await flawsOf(page)).toEqual([])
    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.unrouteAll()
  })
})

test('a file of 8 GiB does not fit into an archive, whose sizes have eleven octal digits', () => {
  expect(() => tarOf([{ name: 'large.zip', size: 2 ** 33 } as File])).toThrow(TooLarge)
})
