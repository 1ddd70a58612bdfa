import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseOptions } from '../../src/cli/options.ts'
import { verify } from '../../src/cli/verify.ts'
import { endOf } from '../../src/core/data/day.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { parseNote } from '../../src/core/log/note.ts'
import { membersOf, textIn, zipName } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { makeWitness } from '../support/cosigning.ts'
import { root } from '../support/root.ts'
import { until } from '../support/until.ts'
import { inWhole, isWhole } from '../support/whole.ts'
import { dates, type Sealed, sealedDays } from '../verify/days.ts'
import { give, openVerifyPage, type VerifyPage } from './verifyPage.ts'

/** The page that verifies in a browser. That its verdicts are those of the command, `test/evidence/matrix.test.ts` shows. */

let days: Sealed
let opened: VerifyPage

beforeAll(async () => {
  days = await sealedDays()
  opened = await openVerifyPage()
})
afterAll(async () => {
  await opened?.close()
  days.place.clean()
})

const silent = {
  ...{ say: () => undefined, warn: () => undefined, address: () => undefined },
  ...{ progress: () => undefined, show: () => undefined, record: () => undefined },
}

/** What the command says of the same, without the words in which it names its own options. */
async function byCommand(args: readonly string[]): Promise<JsonObject> {
  const { record } = await verify({ options: parseOptions(['verify', ...args]), environment: {}, screen: silent }, '')
  return record
}

/** A folder with the bundles of all days, and the said files of these. */
async function folderOf(said: readonly number[]): Promise<string> {
  const folder = mkdtempSync(join(days.place.path, 'days-'))
  for (const date of dates) writeFileSync(join(folder, zipName(date)), await days.zip(date))
  for (const number of said) writeFileSync(join(folder, `said-${day(number)}.jsonl`), await days.said(day(number)))
  return folder
}

const inFolder = (folder: string, said: readonly number[]): readonly string[] => [
  days.pem,
  ...dates.map((date) => join(folder, zipName(date))),
  ...said.map((number) => join(folder, `said-${day(number)}.jsonl`)),
]

test('a series with what was said has the verdict of the command, with a row for each day', async () => {
  const said = [4, 5, 6, 7, 8]
  const folder = await folderOf(said)
  const { banner, record } = await opened.verify(inFolder(folder, said))
  expect(banner).toContain('VERIFIED')
  expect(record).toEqual(await byCommand(['--chain', folder, '--key', days.pem]))
  expect(await opened.page.locator('tbody tr').count()).toBe(dates.length)
})

test('a witness that has to have cosigned each day is asked for as by the command', async () => {
  const { key, line } = makeWitness()
  const folder = await folderOf([])
  const names: string[] = []
  for (const date of dates) {
    const note = textIn(await days.members(date), 'checkpoint')
    const name = join(folder, `cosignatures-${date}.txt`)
    writeFileSync(name, `${note}${line(parseNote(note).text, Date.parse(endOf(date)) / 1000)}`)
    names.push(name)
  }
  const witness = days.place.write('witness.vkey', `${key}\n`)
  const args = ['--chain', folder, '--key', days.pem, '--witness', key]
  const holds = await opened.verify([...inFolder(folder, []), ...names, witness])
  expect(holds.banner).toContain('VERIFIED')
  expect(holds.record).toEqual(await byCommand(args))
  expect(holds.record?.['bundles']).toMatchObject(dates.map(() => ({ cosigned: [{ witness: 'witness.example/w1' }] })))

  rmSync(names[2] ?? '')
  const { banner, record } = await opened.verify([...inFolder(folder, []), ...names.toSpliced(2, 1), witness])
  expect(banner).toContain('BROKEN')
  expect(record).toEqual(await byCommand(args))
  expect(record).toMatchObject({ exit: 1, problem: { code: 'not-cosigned', file: zipName(day(6)) } })
})

test('a day that is missing breaks the series, and the days behind it are not verified', async () => {
  const folder = await folderOf([])
  const files = inFolder(folder, []).filter((file) => !file.endsWith(zipName(day(6))))
  const { banner, record } = await opened.verify(files)
  expect(banner).toContain('BROKEN')
  expect(record).toMatchObject({ exit: 1, problem: { code: 'broken-series', file: zipName(day(7)) } })
  expect(await opened.page.locator('td.open, td.failed, td.held').allInnerTexts()).toEqual(
    expect.arrayContaining(['holds', 'broken-series', 'not verified']),
  )
})

inWhole(() => {
  test('one day with its said file, or with an empty one, has the verdict of the command', async () => {
    const [file, said] = [await days.file(day(4)), days.place.write('texts.jsonl', await days.said(day(4)))]
    const empty = days.place.write('empty.jsonl', '')
    const key = ['--key', days.pem]
    expect((await opened.verify([days.pem, file, said])).record).toEqual(
      await byCommand([file, '--said', said, ...key]),
    )
    const { banner, record } = await opened.verify([days.pem, file, empty])
    expect(banner).toContain('CANNOT TELL')
    const { problem, ...others } = await byCommand([file, '--said', empty, ...key])
    expect(record).toMatchObject(others)
    expect(record?.['problem']).toMatchObject({ code: (problem as JsonObject)['code'] })
  })
})

inWhole(() => {
  test('what is known of the ends is compared, and a wrong field is named', async () => {
    const folder = await folderOf([])
    const { page } = opened
    await page.reload()
    await give(page, inFolder(folder, []))
    await page.getByText('What has to be there').click()
    const last = page.getByLabel('Last day')
    const banner = page.locator('#answer .verdict')
    for (const [typed, expected] of [
      ['2026-02-30', /Last day: “2026-02-30” is not a day/],
      ['2026-03-31', /early-end/],
      [day(8), /VERIFIED/],
    ] as const) {
      await last.fill(typed)
      await last.press('Enter')
      await banner.getByText(expected).first().waitFor()
    }
  })
})

inWhole(() => {
  test('files are taken for what they are, a pasted key too, and what is of no use is said', async () => {
    const { page } = opened
    await page.reload()
    const secret = days.place.write('secret.pem', '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n')
    const checkpoint = days.place.write('kept.txt', String((await days.members(day(4))).get('checkpoint') ?? ''))
    await give(page, [secret, checkpoint, days.place.write('letter.txt', 'Dear auditor\n'), await days.file(day(4))])
    expect(await page.locator('#refused li').allInnerTexts()).toEqual([
      expect.stringContaining('letter.txt is neither a bundle'),
      expect.stringContaining('secret.pem has a private key'),
    ])
    expect(await page.locator('#kept li').innerText()).toContain('1 checkpoint')
    await page.locator('#readiness', { hasText: 'Add the log’s public key first.' }).waitFor()
    await page.getByText('Paste a key').click()
    await page.getByLabel('Public key in PEM').fill(readFileSync(days.pem, 'utf8'))
    await page.getByRole('button', { name: 'Use this key' }).click()
    await page.getByRole('button', { name: 'Verify', exact: true }).click()
    await page.locator('#answer .verdict', { hasText: 'VERIFIED' }).waitFor()
    expect(await page.locator('#answer').innerText()).toContain('1 checkpoint, as the log has it here')
  })
})

inWhole(() => {
  test('work can be cancelled, which ends the worker, and begun again', async () => {
    const { page } = opened
    await page.reload()
    await give(page, [days.pem, await days.file(day(4))])
    // Both in one task of the page: the worker cannot have answered between them.
    await page.evaluate('document.getElementById("verify").click(); document.getElementById("cancel").click()')
    await page.locator('#live', { hasText: 'Cancelled.' }).waitFor({ state: 'attached' })
    expect(await page.locator('#answer .verdict').count()).toBe(0)
    await until(
      () => page.workers().length,
      (count) => count === 0,
    )
    await page.getByRole('button', { name: 'Verify', exact: true }).click()
    await page.locator('#answer .verdict', { hasText: 'VERIFIED' }).waitFor()
    await until(
      () => page.workers().length,
      (count) => count === 0,
    )
  })
})

inWhole(() => {
  test('the verdict is announced and has the focus, and fits 320 pixels', async () => {
    const { page } = opened
    await page.reload()
    await give(page, [days.pem, await days.file(day(4))])
    await page.getByRole('button', { name: 'Verify', exact: true }).click()
    await page.locator('#answer .verdict').waitFor()
    expect(await page.locator('#live').innerText()).toContain('VERIFIED')
    expect(await page.evaluate('document.activeElement.id')).toBe('outcome-title')
    await page.setViewportSize({ width: 320, height: 800 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
    await page.setViewportSize({ width: 1280, height: 900 })
  })
})

test('neither the page nor its worker can reach the network, or run another script', async () => {
  const page = await opened.page.context().newPage()
  // The worker stays, so that it can be asked after its work.
  await page.addInitScript('Worker.prototype.terminate = () => undefined')
  await page.goto(opened.page.url())
  const { length } = opened.said
  const fetching = `fetch('http://127.0.0.1:65535/').then(() => 'fetched', () => 'refused')`
  const running = `Promise.all([
    Promise.resolve().then(() => new Worker(URL.createObjectURL(new Blob([''])))).then(() => 'started', () => 'refused'),
    Promise.resolve().then(() => trustedTypes.createPolicy('verifier', {})).then(() => 'allowed', () => 'refused'),
  ])`
  expect(await page.evaluate(fetching)).toBe('refused')
  expect(await page.evaluate(running)).toEqual(['refused', 'refused'])
  await give(page, [days.pem, await days.file(day(4))])
  const started = page.waitForEvent('worker')
  await page.getByRole('button', { name: 'Verify', exact: true }).click()
  await page.locator('#answer .verdict').waitFor()
  expect(await (await started).evaluate(fetching)).toBe('refused')
  await page.close()
  // Each refusal is said by the browser, and nothing was asked of the network in all of this file.
  expect(opened.said.slice(length).filter((text) => text.includes('Content Security Policy')).length).toBeGreaterThan(2)
  expect(opened.asked).toEqual([])
})

/** How the worker's work ended. */
interface FlippedAnswer {
  readonly verdict?: { readonly record: JsonObject }
  readonly words?: string
}

/** A bit of a file: which byte, and the bit as a mask. */
type Bit = readonly [at: number, mask: number]

/** Runs in a page: lets the worker that the console has verify a bundle once for each bit, with this bit turned. */
const flippedIn = `async ([script, pem, zip, bits]) => {
  const address = URL.createObjectURL(new Blob([script]))
  const bytes = Uint8Array.from(atob(zip), (one) => one.charCodeAt(0))
  const found = []
  for (const [at, mask] of bits) {
    const bundle = new File([bytes.with(at, bytes[at] ^ mask)], 'day.zip')
    const given = { said: [], checkpoints: [], witnesses: [], cosigned: [] }
    const work = { keys: [pem], bundles: [bundle], ...given, from: '', through: '', first: '' }
    const worker = new Worker(address)
    found.push(
      await new Promise((done) => {
        worker.onmessage = ({ data }) => data.kind === 'answer' && done(data.answer)
        worker.postMessage({ kind: 'verify', work: { ...work, allowUnexplained: false } })
      }),
    )
    worker.terminate()
  }
  return found
}`

test('wherever a bit is turned, the worker says what the command says, and that it holds only if it unpacks as before', async () => {
  const zip = await days.zip(day(4))
  const turns = isWhole ? 60 : 10
  // Over all of the file, with other bits of the bytes each time.
  const bits = Array.from(
    { length: turns },
    (_, i): Bit => [Math.floor((zip.length * (i + 0.5)) / turns), 1 << (i % 8)],
  )
  const name = readdirSync(join(root, 'dist/console/assets')).find((one) => /^verify-\w+\.js$/.test(one)) ?? ''
  const script = readFileSync(join(root, 'dist/console/assets', name), 'utf8')
  // A page without rules of its own starts workers from any text.
  const page = await opened.page.context().newPage()
  await page.goto('about:blank')
  const given = [script, readFileSync(days.pem, 'utf8'), zip.toString('base64'), bits]
  const answers = await page.evaluate<readonly FlippedAnswer[]>(`(${flippedIn})(${JSON.stringify(given)})`)
  await page.close()
  // What a browser says of a stream that it cannot inflate is less exact than what zlib says, so words are not compared.
  const meant = ({ exit, problem }: JsonObject) => ({ exit, ...(problem as JsonObject), message: null })
  for (const [i, [at, mask]] of bits.entries()) {
    const turned = Buffer.from(zip.with(at, (zip[at] ?? 0) ^ mask))
    const file = days.place.write('day.zip', turned)
    const expected = await byCommand([file, '--key', days.pem]).catch(({ message }: Error) => message)
    const { verdict, words } = answers[i] ?? {}
    if (typeof expected === 'string') expect(words).toBe(expected.replace(file, 'day.zip'))
    else expect(verdict && meant(verdict.record)).toEqual(meant(expected))
    const exit = typeof expected === 'string' ? 2 : expected['exit']
    // A few bits say which program made the zip, and unpack as before.
    if (exit === 0) expect([at, await membersOf(turned)]).toEqual([at, await membersOf(zip)])
  }
})
