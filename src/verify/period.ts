import { join } from 'node:path'
import { type Day, nextDay } from '../core/data/day.ts'
import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { Verifying } from './bundle.ts'
import { bundlesIn, type NumberedBundle } from './bundleFolder.ts'
import { Continuity } from './continuity.ts'
import { datedIn, type StrayBundle } from './datedBundles.ts'
import { withDay } from './day.ts'
import type { SaidOfDay } from './examination.ts'
import { type FailedDay, failedDay } from './failedDay.ts'
import { BrokenAt, type Finding, findingOf, Unreadable } from './finding.ts'
import { namesIn } from './folder.ts'
import { checkKept, type KeptCheckpoint } from './keptCheckpoints.ts'
import type { JudgedCount } from './policyCheck.ts'
import { noSaidFiles, type SaidFolder, saidFilesIn } from './saidFolder.ts'
import { saidName, type SaidOfSeries, SaidSeries } from './saidSeries.ts'
import { type SeriesLink, verifyNext } from './seriesLink.ts'

/** A day of a period, and what became of verifying it. */
export type PeriodDay = HoldingDay | FailedDay | { readonly state: 'missing'; readonly date: Day }

/** A day whose bundle holds. */
export interface HoldingDay {
  readonly state: 'holds'
  readonly date: Day
  readonly file: string
  readonly path: string
  readonly manifest: Manifest
  /** SHA-256 of the manifest's file. */
  readonly manifestHash: Hex
  readonly judged: JudgedCount
  /** Whether it was compared with the day before, which holds too. Nothing is known of what lies between, if not. */
  readonly continues: boolean
  /** The said file whose texts are those of the day: its path, and what it has. */
  readonly said?: { readonly path: string; readonly found: SaidOfDay }
  /** Why the texts of its said file are not used. */
  readonly saidProblem?: SaidProblem
}

/** Why the texts of a day that holds are not used. */
interface SaidProblem {
  /** The said file. */
  readonly member: string
  readonly words: string
  /** Absent if the file cannot be read. */
  readonly problem?: Finding
}

/** What became of verifying a period. */
export interface PeriodVerdict {
  /** Every day of the calendar from the first to the last, in order. */
  readonly days: readonly PeriodDay[]
  readonly strays: readonly StrayBundle[]
  /** What the said files have; absent without any. */
  readonly texts?: SaidOfSeries
  /** What is wrong with the texts of the whole period. */
  readonly textProblem?: Finding & { readonly file: string }
  readonly unusedSaid: readonly string[]
  /** What a kept checkpoint says against the days. */
  readonly endProblem?: Finding
}

/** What to verify of a folder of bundles. */
export interface VerifyingPeriod extends Omit<Verifying, 'said'> {
  readonly from?: Day | undefined
  readonly to?: Day | undefined
  /** The folder with the said files (default: that of the bundles). */
  readonly said?: string | undefined
  /** Whether said files are left alone, for callers who use no texts. */
  readonly isWithoutTexts?: true
  readonly checkpoints?: readonly KeptCheckpoint[]
  readonly started?: (file: string, place: number, of: number) => void
}

/** What a caller does with each day as it comes. */
export interface PeriodTaker {
  /** Takes a day, in the order of the calendar. */
  readonly day: (day: PeriodDay) => Promise<void>
  /** Takes back a day that seemed to hold, and does not beside the others. */
  readonly retract: (day: FailedDay) => void
}

/**
 * Verifies the bundles of a period, day by day. Unlike {@link verifySeries} it goes on after a day that is missing or
 * does not hold: the next one then begins a part of its own, which the keys given and the newest known one verify.
 *
 * The period is from the first to the last bundle of the folder unless `from` and `to` say otherwise. Bundles after it are
 * verified only while texts are missing, which may have been erased later.
 *
 * @throws {Unreadable} if a folder cannot be read, or has no bundle
 */
export async function verifyPeriod(
  folder: string,
  options: VerifyingPeriod,
  taker: PeriodTaker,
): Promise<PeriodVerdict> {
  const names = await namesIn(folder)
  const said = options.isWithoutTexts ? noSaidFiles : await saidFilesIn(options.said, { folder, names })
  const { found, strays } = await datedIn(folder, bundlesIn(folder, names))
  const [from, to] = [options.from ?? found[0]?.date, options.to ?? found.at(-1)?.date]
  const walk = new PeriodWalk(folder, options, said.of)
  if (from !== undefined && to !== undefined) {
    const within = found.filter(({ date }) => date >= from && date <= to)
    let place = 0
    for (let date = from; date <= to; date = nextDay(date)) {
      const here = within.filter((one) => one.date === date)
      if (here.length === 0) await taker.day(walk.missing(date))
      for (const [i, one] of here.entries()) {
        options.started?.(one.file, place++, within.length)
        await taker.day(i === 0 ? await walk.take(one) : walk.doubled(one))
      }
    }
    for (const failed of await walk.search()) taker.retract(failed)
    for (const one of found.filter(({ date }) => date > to)) if (walk.hasUnexplained()) await walk.explain(one)
  }
  return { ...walk.verdict(options.checkpoints ?? []), strays, unusedSaid: from === undefined ? [] : said.unused() }
}

/** Verifies a period, for callers who have its days one by one. */
export class PeriodWalk {
  readonly #folder: string
  readonly #options: VerifyingPeriod
  readonly #said: SaidFolder['of']
  readonly #days: PeriodDay[] = []
  readonly #texts = new SaidSeries()
  /** The newest day, if it holds. */
  #before: SeriesLink | null = null
  /** The newest key that a day of the period was signed with. */
  #signer: Uint8Array | null = null
  /** Days that continue each other, by their places among all days, and what follows their requests. */
  readonly #parts: { readonly requests: Continuity; readonly places: number[] }[] = []

  /**
   * @param folder of the bundles
   * @param said finds the path of a day's said file
   */
  constructor(folder: string, options: VerifyingPeriod, said: SaidFolder['of']) {
    this.#folder = folder
    this.#options = options
    this.#said = said
  }

  /** Takes note that a day has no bundle. */
  missing(date: Day): PeriodDay {
    this.#before = null
    return this.#add({ state: 'missing', date })
  }

  doubled({ file, date }: NumberedBundle): PeriodDay {
    const words = `Another bundle here says that it is of ${date}, too, and comes before this one by name.`
    return this.#add({
      state: 'broken',
      date,
      file,
      words,
      problem: { check: 'manifest', code: 'broken-series', words },
    })
  }

  /** Verifies the bundle of the next day. */
  async take(one: NumberedBundle): Promise<PeriodDay> {
    const { file, date } = one
    const continues = this.#before !== null
    try {
      const { link, saidProblem, said } = await this.#verified(one)
      if (link.manifest.date !== date)
        throw new BrokenAt({ check: 'manifest' }, 'bad-manifest', `It is not of ${date}.`)
      const part = (continues && this.#parts.at(-1)) || { requests: new Continuity(), places: [] }
      if (link.standing.continued) part.requests.take(link.manifest, link.standing.continued)
      if (part.places.length === 0) this.#parts.push(part)
      part.places.push(this.#days.length)
      this.#texts.take(link.manifest, link.said, link.standing.erasures)
      this.#before = link
      this.#signer = link.standing.signers.at(-1) ?? this.#signer
      const { manifest, judged, standing } = link
      return this.#add({
        ...{ state: 'holds', date, file, path: join(this.#folder, file), manifest, judged, continues },
        manifestHash: standing.manifestHash,
        ...(said !== undefined && link.said && { said: { path: said, found: link.said } }),
        ...(saidProblem && { saidProblem }),
      })
    } catch (cause) {
      this.#before = null
      return this.#add(failedDay({ file, date }, cause))
    }
  }

  /** Takes what a day after the period says of erasures. A day that does not hold says nothing. */
  async explain(one: NumberedBundle): Promise<void> {
    try {
      const { link } = await this.#verified(one)
      this.#before = link
      for (const erasure of link.standing.erasures) this.#texts.explain(erasure)
    } catch (cause) {
      failedDay(one, cause)
      this.#before = null
    }
  }

  hasUnexplained(): boolean {
    return (this.#texts.result()?.missing.length ?? 0) > 0
  }

  /** Looks for requests that were made a second time, which only all days together show. */
  async search(): Promise<readonly FailedDay[]> {
    const failed: FailedDay[] = []
    for (const { requests, places } of this.#parts)
      for (const place of requests.isSearched() ? places : []) {
        const day = this.#days[place]
        const one = day?.state === 'holds' ? await doubledIn(day, requests) : null
        if (one === null) continue
        this.#days[place] = one
        this.#beginAfter(place)
        failed.push(one)
      }
    return failed
  }

  /** Lets the day after one that does not hold, after all, begin a part of its own. */
  #beginAfter(place: number): void {
    const next = this.#days.findIndex((day, i) => i > place && day.state === 'holds')
    const day = this.#days[next]
    if (day?.state === 'holds') this.#days[next] = { ...day, continues: false }
  }

  verdict(checkpoints: readonly KeptCheckpoint[]): Omit<PeriodVerdict, 'strays' | 'unusedSaid'> {
    const endProblem = caught(() => checkKept(this.#newestPart(), checkpoints))
    const textProblem = caught(() => this.#texts.check())
    const texts = this.#texts.result()
    return {
      days: this.#days,
      ...(texts && { texts }),
      ...(textProblem && { textProblem: { ...textProblem, file: this.#texts.first() ?? '' } }),
      ...(endProblem && { endProblem }),
    }
  }

  /** The newest days that hold and continue each other. A second bundle of one of them is not among them. */
  #newestPart(): readonly Manifest[] {
    const holding = this.#days.filter((day) => day.state === 'holds')
    const begin = holding.findLastIndex(({ continues }) => !continues)
    return holding.slice(Math.max(begin, 0)).map(({ manifest }) => manifest)
  }

  /** Verifies a bundle with its said file; if only the texts are wrong, without them. */
  async #verified({ file, number, date }: NumberedBundle) {
    const { keys, started: _started, checkpoints: _kept, from: _from, to: _to, ...options } = this.#options
    const said = this.#said(date)
    const trusted = this.#signer ? [...keys, this.#signer] : keys
    const path = join(this.#folder, file)
    try {
      return { link: await verifyNext(path, number, this.#before, { ...options, keys: trusted, said }), said }
    } catch (cause) {
      const isBroken = cause instanceof BrokenAt && cause.place.check === 'said'
      if (said === undefined || !(isBroken || cause instanceof Unreadable)) throw cause
      // Throws again if the bundle cannot be read, and not its said file.
      const link = await verifyNext(path, number, this.#before, { ...options, keys: trusted, said: undefined })
      const saidProblem: SaidProblem = { member: saidName(date), words: cause.message }
      return { link, saidProblem: isBroken ? { ...saidProblem, problem: findingOf(cause) } : saidProblem }
    }
  }

  #add<One extends PeriodDay>(day: One): One {
    this.#days.push(day)
    return day
  }
}

/** Finds a request of a day that was made on another one, too; `null` if there is none. */
async function doubledIn(day: HoldingDay, requests: Continuity): Promise<FailedDay | null> {
  try {
    await withDay(day.path, async (opened) => {
      for await (const row of opened.requests()) requests.row(row)
    })
    return null
  } catch (cause) {
    return failedDay(day, cause)
  }
}

function caught(work: () => void): Finding | null {
  try {
    work()
    return null
  } catch (cause) {
    return findingOf(cause)
  }
}
