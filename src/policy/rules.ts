import type { ActionConstraint, Effect, EntityUidJson, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Notes } from '../core/policy/annotations.ts'
import { comparesTargets, unreachableTargets } from './comparison.ts'
import { cedar } from './engine.ts'
import { BadPolicy, flawOf, lineAt } from './flaw.ts'
import { impossibilities } from './impossible.ts'
import { rulePattern } from '../core/policy/sizes.ts'
import { type Regard, regardOf } from './uncovered.ts'
import { foldedTarget } from '../core/action/target.ts'

/** One rule of a file: the text that Cedar evaluates, and the terms of its annotations. */
export interface Rule<Terms = unknown> {
  readonly id: string
  readonly file: string
  readonly line: number
  /** The line of each annotation. */
  readonly lines: ReadonlyMap<string, number>
  readonly text: string
  readonly summary?: string
  /** The actions and groups of actions that its scope names; `null` if it names none and applies to every action. */
  readonly scope: readonly string[] | null
  readonly effect: Effect
  readonly annotations: ReadonlyMap<string, string>
  /** Its constraints on principal, action and resource. */
  readonly constraints: Pick<PolicyJson, 'principal' | 'action' | 'resource'>
  /** Its `when` and `unless`, in Cedar's JSON. */
  readonly conditions: PolicyJson['conditions']
  /** The agents that the rule names. */
  readonly agents: readonly string[]
  /** Whether it can tell two targets apart. */
  readonly comparesTargets: boolean
  readonly regard: Regard
  readonly terms: Terms
}

/** How to read a file's rules: the only effect that they may have, and a reader of their annotations. */
export interface RuleReading<Terms> {
  readonly file: string
  readonly effect: Effect
  readonly terms: (notes: Notes) => Terms
}

/**
 * @param compiled the same rules in Cedar's JSON
 * @throws {BadPolicy} with file, line and rule of what is wrong.
 */
export function readRules<Terms>(
  text: string,
  reading: RuleReading<Terms>,
  compiled: readonly PolicyJson[] = parseRules(text, reading.file),
): readonly Rule<Terms>[] {
  const pieces = split(text)
  checkNumber(reading.file, pieces.length, compiled.length)
  return pieces.map((piece, i) => readRule(piece, compiled[i] ?? parseRule(piece, reading.file), reading))
}

/** Lets Cedar read each rule of a file. @throws {BadPolicy} for everything that Cedar refuses */
export function parseRules(text: string, file: string): readonly PolicyJson[] {
  const parsed = cedar().policySetTextToParts(text)
  if (parsed.type === 'failure') throw new BadPolicy(parsed.errors.map((error) => flawOf(error, text, { file })))
  const pieces = split(text)
  checkNumber(file, pieces.length, parsed.policies.length + parsed.policy_templates.length)
  return pieces.map((piece) => parseRule(piece, file))
}

/** The pieces are judged one by one, so a rule of the file that is not among them would have no effect. */
function checkNumber(file: string, seen: number, found: number): void {
  if (seen !== found)
    throw new BadPolicy([{ file, reason: `it seems to have ${seen} rules, but Cedar finds another number` }])
}

function parseRule({ text, line }: Piece, file: string): PolicyJson {
  const parsed = cedar().policyToJson(text)
  if (parsed.type === 'failure') throw new BadPolicy(parsed.errors.map((error) => flawOf(error, text, { file, line })))
  return parsed.json
}

/** The text of one rule in its file. */
interface Piece {
  readonly text: string
  readonly line: number
  /** The line of each annotation. */
  readonly notes: ReadonlyMap<string, number>
}

/** Cedar's comments and strings first, so that nothing inside them is taken for an annotation or the end of a rule. */
const token = /\/\/[^\n\r]*|"(?:[^"\\]|\\[^])*"|@\s*(?<note>[A-Za-z_]\w*)|(?<end>;)|\s+|[^/"@;\s]+|[^]/g

function split(text: string): readonly Piece[] {
  const pieces: Piece[] = []
  let piece: { start: number; line: number; notes: Map<string, number> } | null = null
  let line = 1
  for (const { 0: found, index, groups } of text.matchAll(token)) {
    if (found.trim() && !found.startsWith('//')) {
      piece ??= { start: index, line, notes: new Map() }
      if (groups?.['note'] !== undefined) piece.notes.set(groups['note'], line)
      if (groups?.['end'] !== undefined) {
        pieces.push({ ...piece, text: text.slice(piece.start, index + 1) })
        piece = null
      }
    }
    line += found.split('\n').length - 1
  }
  return pieces
}

function readRule<Terms>(
  { text, line, notes }: Piece,
  policy: PolicyJson,
  { file, effect, terms }: RuleReading<Terms>,
): Rule<Terms> {
  const given = new Map(Object.entries(policy.annotations ?? {}).map(([name, value]) => [name, value ?? '']))
  const id = given.get('id')
  const refuse = (annotation: string, reason: string): never => {
    throw new BadPolicy([{ file, line: notes.get(annotation) ?? line, ...(id && { rule: id }), reason }])
  }
  if (id === undefined) return refuse('id', 'a rule without @id')
  if (!rulePattern.test(id)) refuse('id', 'an id has 1 to 32 of A-Z a-z 0-9 . _ - and starts with a letter or digit')
  if (policy.effect !== effect) refuse('', `${file} holds only ${effect} rules, and this is a ${policy.effect}`)
  const impossible = impossibilities(policy, given.has('like'))
  if (impossible.length)
    throw new BadPolicy(
      impossible.map((reason) => ({ file, line: line + lineOfQuoted(reason, text) - 1, rule: id, reason })),
    )
  const [dead] = unreachableTargets(policy)
  if (dead !== undefined)
    refuse('', `targets are compared in NFKC and lower case: write "${foldedTarget(dead)}" in place of "${dead}"`)
  return {
    id,
    file,
    line,
    lines: notes,
    text,
    ...optionalSummary(given),
    scope: scopeOf(policy.action),
    effect: policy.effect,
    annotations: given,
    constraints: { principal: policy.principal, action: policy.action, resource: policy.resource },
    conditions: policy.conditions,
    agents: agentsIn(policy),
    comparesTargets: comparesTargets(policy),
    regard: regardOf(policy),
    terms: terms({ given, refuse }),
  }
}

function optionalSummary(given: Notes['given']): { readonly summary?: string } {
  const summary = given.get('summary')
  return summary === undefined ? {} : { summary }
}

/** The line of a rule's text with what a sentence quotes, else with the path that it begins with; else the first line. */
function lineOfQuoted(sentence: string, text: string): number {
  const marks = [/"(?:[^"\\]|\\.)*"/, /^[\w.]+/].flatMap((mark) => mark.exec(sentence)?.[0] ?? [])
  const at = marks.map((mark) => text.indexOf(mark)).find((index) => index >= 0)
  return lineAt(text, at ?? 0)
}

function scopeOf(constraint: ActionConstraint): readonly string[] | null {
  if (constraint.op === 'All') return null
  if ('entities' in constraint) return constraint.entities.map(idOf)
  // Only a template has a slot here, and templates are refused elsewhere. To apply to every action is safe.
  return 'entity' in constraint ? [idOf(constraint.entity)] : null
}

const idOf = (uid: EntityUidJson): string => ('id' in uid ? uid.id : uid['__entity'].id)

/** Finds the agents in a rule. Cedar's JSON writes an entity as `{ type, id }`, and any other text as `{ Value }`. */
function agentsIn(part: unknown): readonly string[] {
  if (typeof part !== 'object' || part === null) return []
  if ('type' in part && 'id' in part && part.type === 'Agent') return [String(part.id)]
  return Object.values(part).flatMap(agentsIn)
}
