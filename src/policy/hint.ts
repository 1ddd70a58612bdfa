import { codePointName } from '../core/data/text.ts'

/** A kind of flaw by what Cedar says of it, and what an author does about it who has not learnt Cedar. */
interface Hint {
  readonly says: RegExp
  readonly write: string
}

const decimals =
  'decimals are compared by methods, with values in quotes, as ' +
  'context.params.amount.greaterThan(decimal("500.0")); the others are lessThan, greaterThanOrEqual, lessThanOrEqual, and ' +
  '== decimal("500.0")'
const types =
  'the types are String, Long (a whole number), decimal (up to 4 places after the point), Bool, ' +
  'Set<String> and other sets, and records as { key: String }; a member that may be absent is written key?: String'
const sets =
  'a set is asked with contains, containsAny, containsAll and isEmpty(), as ["a", "b"].contains(context.environment)'

/** In this order, since several may apply: the first is written. */
const hints: readonly Hint[] = [
  { says: /failed to resolve type|error parsing schema/, write: types },
  { says: /expected decimal but saw Long/, write: `whole numbers are compared with <, <=, > and >=; ${decimals}` },
  { says: /saw decimal|expected decimal|and decimal are not compatible|types decimal and/, write: decimals },
  { says: /unexpected token `\d+`.*expected identifier/, write: `a number with a point is a decimal, and ${decimals}` },
  {
    says: /`(?:size|length|count|len)` is not a valid/,
    write:
      'how many items a set has, or characters a text, is in context.counts if the schema declares it, as ' +
      '"counts: { tables: Long }": context.counts.tables > 10',
  },
  {
    says: /`(?:startsWith|endsWith|matches|includes|indexOf|test|toLowerCase|toUpperCase)` is not a valid/,
    write: 'a text is compared with ==, or with like, where * stands for any characters: context.target like "prod/*"',
  },
  { says: /`not` is not a valid function|unexpected token `(?:and|or|not)`/, write: 'the operators are !, && and ||' },
  { says: /unexpected token `=`/, write: 'equality is written ==' },
  {
    says: /invalid variable: (?:null|undefined|None)/,
    write: 'a param that was not given is found with !(context.params has key)',
  },
  { says: /AnyEntity|Set<__cedar/, write: `in is for actions and their groups; ${sets}` },
  { says: /expected Long but saw Set|saw Set</, write: sets },
  {
    says: /attribute `.*` in context .*not found/,
    write:
      'rules see context.environment, and of target, onBehalfOf, params, at (the time) and counts what the schema declares for the action',
  },
  {
    says: /elements of the first operand/,
    write: 'the value must have the type of the set’s items, as the schema declares it',
  },
]

/** The way out of a flaw that Cedar describes; empty if its own words are enough. */
export const hintFor = (said: string): string => hints.find(({ says }) => says.test(said))?.write ?? ''

/** Says which character Cedar calls an invalid token, since an editor may show it as an ordinary one. */
export function strange(character: string): string {
  if (isTypographic(character)) return `${character} is a typographic quotation mark: write "`
  const code = codePointName(character)
  if (/^[\p{Z}\p{Cf}]$/u.test(character))
    return `it is the invisible character ${code}: delete it, or write an ordinary space`
  return `it is “${character}” (${code})`
}

/** Whether a character is a quotation mark that word processors put in place of `"`. */
export const isTypographic = (character: string): boolean => /^[“”„‟«»‘’‚‛′″]$/.test(character)
