import type * as Renderer from 'adaptivecards'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isArray, isObject, type Json, type JsonObject } from '../../src/core/data/json.ts'
import { unbroken } from '../../src/core/data/text.ts'
import { loadCards } from '../../src/cards/cards.ts'
import { english } from '../../src/words/english.ts'

/** Microsoft's own parser. The package's main file is an ES module; this one is the same for Node. */
const { AdaptiveCard, Column, GlobalRegistry, SerializationContext, Versions } = jest.requireActual<typeof Renderer>(
  'adaptivecards/dist/adaptivecards.js',
)

const folder = join(import.meta.dirname, '../../cards')

/** The templates as they lie in the repository. */
export const templates: ReadonlyMap<string, Uint8Array> = new Map(
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]),
)

export const cards = loadCards(templates, english)

/** Every object in a card, outermost first. */
export function objects(card: Json | object): readonly JsonObject[] {
  const json = card as Json
  if (isArray(json)) return json.flatMap(objects)
  return isObject(json) ? [json, ...Object.values(json).flatMap(objects)] : []
}

/** The texts of a card's elements of a type, in order, as people read them. */
export const texts = (card: object, type: 'TextRun' | 'TextBlock'): readonly string[] =>
  marked(card, type).map(unbroken)

/** The same, with the marks where lines may break. */
export const marked = (card: object, type: 'TextRun' | 'TextBlock'): readonly string[] =>
  objects(card).flatMap((one) => (one['type'] === type && typeof one['text'] === 'string' ? [one['text']] : []))

/** Each rich block as one line. */
export const lines = (card: object): readonly string[] =>
  objects(card).flatMap((one) => (one['type'] === 'RichTextBlock' ? [texts(one, 'TextRun').join('')] : []))

/** A card's title: what stands out. */
export const titleOf = (card: object): string => texts(titleIn(card), 'TextRun').join('')

/** The block that a card's title is. */
export const titleIn = (card: object): object =>
  objects(card).find((one) => one['type'] === 'RichTextBlock' && objects(one).some(({ size }) => size === 'Large')) ??
  {}

/** A card's buttons, also those behind another: what each is called, does and sends. */
export const buttons = (card: object) =>
  objects(card).flatMap((one) =>
    one['type'] === 'Action.Execute' ? [{ title: one['title'], verb: one['verb'], data: one['data'] }] : [],
  )

/** The verbs of a card's buttons, in order. */
export const verbs = (card: object): readonly unknown[] => buttons(card).map(({ verb }) => verb)

/** Bytes of a card as Teams counts them: its JSON in UTF-16. */
export const size = (card: object): number => 2 * JSON.stringify(card).length

/** What of a card is no Adaptive Card of version 1.5: elements, actions, properties and values that it does not have. */
export function complaints(card: object): readonly string[] {
  const context = new SerializationContext(Versions.v1_5)
  new AdaptiveCard().parse(card, context)
  const events = Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i).message)
  return [...events, ...objects(card).flatMap(strangers)]
}

/** Members that hold other elements, and the one that is Teams' own. */
const structure = ['body', 'actions', 'items', 'columns', 'inlines', 'card', 'msteams']

/** Members that this version of the element does not have: the parser passes over them in silence. */
function strangers(one: JsonObject): readonly string[] {
  const type = one['type']
  if (typeof type !== 'string') return []
  const made =
    type === 'AdaptiveCard'
      ? new AdaptiveCard()
      : type === 'Column'
        ? new Column()
        : (GlobalRegistry.elements.createInstance(type, Versions.v1_5) ??
          GlobalRegistry.actions.createInstance(type, Versions.v1_5))
  if (!made) return [`${type} is unknown`]
  const schema = made.getSchema()
  const properties = Array.from({ length: schema.getCount() }, (_, i) => schema.getItemAt(i))
  const known = properties.filter(({ targetVersion }) => targetVersion.compareTo(Versions.v1_5) <= 0)
  return Object.keys(one)
    .filter((key) => !structure.includes(key) && !known.some(({ name }) => name === key))
    .map((key) => `${type} has no ${key}`)
}
