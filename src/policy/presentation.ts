import * as z from 'zod'
import { flawInKey } from '../core/action/key.ts'
import { bounds } from '../core/data/bound.ts'
import { formats, type PresentedParam, type Presentation } from '../core/action/presentation.ts'
import { cardText } from '../core/action/value.ts'
import { type Complain, flawAt, type Path, readDocument, type Source } from './document.ts'
import { BadPolicy } from './flaw.ts'
import { declared, fits } from './named.ts'
import type { DeclaredAction } from './schema.ts'
import { sizes } from '../core/policy/sizes.ts'
import { readTitle } from './title.ts'

/** A label that a card shows exactly as it is written: otherwise its author could not know what approvers see. */
const label = z.string().refine((text) => text !== '' && [...text].length <= sizes.label && cardText(text) === text, {
  error: `a label has 1 to ${sizes.label} characters, all of them visible, and no spaces at its ends or in a row`,
})
const key = z.string().superRefine((text, context) => {
  const flaw = flawInKey(text)
  if (flaw !== null) context.addIssue(flaw)
})

const param = z
  .strictObject({
    param: key.exactOptional(),
    pair: z.tuple([key, key]).exactOptional(),
    label: label.exactOptional(),
    format: z.enum(formats, { error: `a format is one of ${formats.join(', ')}` }).exactOptional(),
    critical: z.boolean().exactOptional(),
    order: z.array(key).min(1).max(sizes.order).exactOptional(),
  })
  .refine((entry) => (entry.param === undefined) !== (entry.pair === undefined), 'it names either a param or a pair')

const document = z.strictObject({
  version: z.literal(1),
  actions: z.record(
    z.string(),
    z.strictObject({
      title: z.string().exactOptional(),
      params: z.array(param).max(bounds.shown.keys).default([]),
    }),
  ),
})

type Params = readonly z.output<typeof param>[]

/**
 * Reads how policy wants actions to be shown, by action.
 *
 * @throws {BadPolicy} with the line of each flaw.
 */
export function readPresentations(
  bytes: Uint8Array,
  text: string,
  actions: readonly DeclaredAction[],
): ReadonlyMap<string, Presentation> {
  const source: Source = { file: 'presentation.json', bytes, text }
  const flaws: ReturnType<typeof flawAt>[] = []
  const found = Object.entries(readDocument(source, document).actions).flatMap(([name, { title, params }]) => {
    const complain: Complain = (path, reason) => flaws.push(flawAt(source, ['actions', name, ...path], reason))
    const action = actions.find((one) => one.name === name)
    if (!action) {
      complain([], 'schema.cedarschema declares no such action')
      return []
    }
    const presented = paramsOf(params, action, complain)
    const presentation: Presentation = {
      ...(title !== undefined && { title: readTitle(title, action, presented, complain) }),
      params: presented,
    }
    const size = Buffer.byteLength(JSON.stringify(presentation))
    if (size > sizes.presentation)
      complain([], `it takes ${size} bytes in each request; at most ${sizes.presentation} are allowed`)
    return [[name, presentation] as const]
  })
  if (flaws.length) throw new BadPolicy(flaws)
  return new Map(found)
}

/** Lists the params of an action. A pair becomes two params, because every value is shown under its own key. */
function paramsOf(params: Params, action: DeclaredAction, complain: Complain): readonly PresentedParam[] {
  const labels = new Set<string>()
  const keys = new Set<string>()
  const presented = params.flatMap((entry, i) => {
    const { label: called, format, critical, order } = entry
    const at: Path = ['params', i]
    if (called !== undefined && labels.has(called)) complain([...at, 'label'], 'another param has this label')
    if (called !== undefined) labels.add(called)
    if (entry.pair && (format === 'pair' || format === 'list'))
      complain([...at, 'format'], 'the two params of a pair are written as number, bytes or duration, or as they are')
    if (order && new Set(order).size < order.length) complain([...at, 'order'], 'a key is named twice')
    if (order && format && format !== 'pair')
      complain([...at, 'order'], `a param that is written as ${format} has no keys to put in order`)
    return (entry.pair ?? [entry.param ?? '']).map((name, side): PresentedParam => {
      if (keys.has(name)) complain(at, `"${name}" is named twice`)
      keys.add(name)
      checkParam(name, entry, action, (reason) => complain(at, reason))
      return {
        key: name,
        ...(called !== undefined && { label: called }),
        ...(format && { format }),
        ...(critical && { critical }),
        ...(order && { order }),
        ...(entry.pair && { side: side === 0 ? 'before' : 'after' }),
      }
    })
  })
  if (presented.filter(({ critical }) => critical).length > sizes.criticalParams)
    complain(['params'], `at most ${sizes.criticalParams} are critical: what is not first is seen too`)
  return presented
}

function checkParam(
  name: string,
  { format, pair }: Params[number],
  action: DeclaredAction,
  refuse: (reason: string) => void,
): void {
  const shape = declared(action)
  if (!shape) return
  const own = shape.members.get(name)
  if (!own)
    return refuse(
      `"${name}" is no param that schema.cedarschema declares, but: ${[...shape.members.keys()].join(', ')}`,
    )
  if (format && !fits(format, own.shape))
    refuse(`"${name}" is declared as ${own.shape.type}, which is not written as ${format}`)
  const other = pair && shape.members.get(pair[1])
  if (other && other.shape.type !== own.shape.type) refuse(`"${pair[0]}" and "${pair[1]}" are declared as two types`)
}
