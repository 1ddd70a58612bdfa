import { AnswersOfPeriod } from './answers.ts'
import type { PeriodData } from './collect.ts'
import { ControlTable, doubtsAbout } from './controlTable.ts'
import type { RequestFacts } from './facts.ts'
import { Sample, type SampledRequest, type SampleOrder } from './sample.ts'
import type { Redraw, ToldRequest } from './stories.ts'
import type { Zone } from './zone.ts'

/** What the auditor asks of a report. */
export interface ReportOrder {
  readonly zone: Zone
  /** What draws again what approvers of the sample were shown. */
  readonly redraw: Redraw
  readonly sample?: SampleOrder | undefined
  /** Only requests whose rules serve one of these controls; all requests if there are none. */
  readonly controls: readonly string[]
}

/** What a report says beside its single requests. It grows while the requests pass by. */
export class ReportSummary {
  readonly data: PeriodData
  readonly order: ReportOrder
  readonly answers = new AnswersOfPeriod()
  readonly controls: ControlTable
  readonly #sample: Sample | null
  readonly #wanted: ReadonlySet<string>

  constructor(data: PeriodData, order: ReportOrder) {
    this.data = data
    this.order = order
    this.controls = new ControlTable(data.policies)
    this.#sample = order.sample ? new Sample(order.sample) : null
    this.#wanted = new Set(order.controls)
  }

  /** Takes a request. Returns whether it belongs to the population of the report. */
  take(facts: RequestFacts, controls: readonly string[]): boolean {
    if (this.#wanted.size > 0 && !controls.some((name) => this.#wanted.has(name))) return false
    this.answers.take(facts)
    this.controls.take(facts)
    this.#sample?.take(facts.id)
    return true
  }

  /** The sample; absent if none was asked for. */
  sampled(): readonly SampledRequest[] | undefined {
    return this.#sample?.picked()
  }

  /** The sample, with the newest day of each of its requests. */
  told(): readonly ToldRequest[] {
    return (this.sampled() ?? []).flatMap(({ id }) => {
      const facts = this.data.request(id)
      return facts ? [{ id, day: facts.day }] : []
    })
  }

  /** The controls that were asked for and that no rule of the period names. */
  unknownControls(): readonly string[] {
    const known = this.controls.names()
    return this.order.controls.filter((name) => !known.has(name))
  }

  /** What is to be said of the names of controls, of rules and of the order. */
  controlDoubts(): readonly string[] {
    return [
      ...this.unknownControls().map((name) => `${name} was asked for, and no rule of this period names it`),
      ...doubtsAbout(this.controls.names()),
    ]
  }
}
