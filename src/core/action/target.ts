import { Problem } from '../data/problem.ts'
import { visible } from '../data/text.ts'
import { isMixture, scriptsIn, word } from './script.ts'

/**
 * Writes a target as rules compare it: in NFKC and lower case, so that `Prod/db` cannot pass by a rule for `prod/*`.
 * People and the action digest have the target as it was sent.
 */
export const foldedTarget = (target: string): string => target.normalize('NFKC').toLowerCase().normalize('NFKC')

/** How an action's targets are compared. */
export interface TargetComparison {
  /** Whether the target may begin with a slash, since the pattern that the schema declares does. */
  readonly rooted: boolean
}

/**
 * Refuses a target that another program may read as another one than the rules do: with dot segments, empty parts or a
 * word of several scripts. Only for actions whose targets are compared.
 *
 * Back slashes separate segments too, but only dot segments are looked for there: `\\server\share` is a name.
 *
 * @throws {Problem} `invalid-input` that names the segment.
 */
export function checkCompared(target: string, { rooted }: TargetComparison): void {
  const folded = foldedTarget(target)
  const [scheme = ''] = /^[a-z][a-z0-9+.-]*:\/\//.exec(folded) ?? []
  const parts = folded.slice(scheme.length).split('/')
  if (scheme === '' && parts.length > 1 && (rooted || azureId.test(folded))) parts.shift()
  for (const [i, part] of parts.entries()) {
    if (hasDots(part)) refuse(i, part, 'is a dot segment', 'name the place that is meant')
    if (part === '') refuse(i, part, 'is empty', 'write one slash between two parts, and none at the ends')
    const mixed = part.match(word)?.find((one) => isMixture(scriptsIn(one)))
    if (mixed !== undefined)
      refuse(i, part, `has a word of several scripts (${scriptsIn(mixed).join(', ')})`, 'write each word in one script')
  }
}

/** learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules: ids of Azure begin with a slash. */
const azureId = /^\/(?:subscriptions|providers)\/./

/** Whether a part of a target is a dot segment, in whichever way it is written. */
export const leadsAway = (part: string): boolean => hasDots(foldedTarget(part))

const hasDots = (part: string): boolean =>
  decoded(part)
    .split(/[/\\]/)
    .some((name) => name === '.' || name === '..')

/** Undoes RFC 3986's percent-encoding of dots, slashes and back slashes, however often it was applied. */
function decoded(part: string): string {
  let text = part
  for (let before = ''; text !== before; ) {
    before = text
    text = text.replaceAll('%25', '%').replaceAll('%2e', '.').replaceAll('%2f', '/').replaceAll('%5c', '\\')
  }
  return text
}

/** The longest segment that a problem repeats whole. */
const mostShown = 80

function refuse(i: number, part: string, what: string, way: string): never {
  const shown = [...part].length > mostShown ? `${[...part].slice(0, mostShown).join('')}…` : part
  const sentence = `/target: rules compare it, and segment ${i + 1}, "${visible(shown)}", ${what}: ${way}.`
  throw new Problem('invalid-input', sentence, { pointer: '/target' })
}
