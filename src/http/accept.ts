/**
 * Picks the media type that an `Accept` header prefers (RFC 9110 section 12.5.1): by its weight, then by how exactly
 * the header names it, then by our order.
 *
 * @returns the first that is offered where the header takes none of them, which the RFC allows
 */
export function preferred<T extends string>(accept: string | null, offered: readonly [T, ...T[]]): T {
  const ranges = (accept ?? '*/*').split(',').map(rangeOf)
  return offered
    .map((type) => ({ type, ...weightOf(type, ranges) }))
    .reduce((best, one) => (one.weight > best.weight || isCloser(one, best) ? one : best)).type
}

interface Range {
  readonly name: string
  readonly weight: number
}

function rangeOf(text: string): Range {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const given = parameters.map((one) => /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(one)?.[1]).find((q) => q !== undefined)
  return { name, weight: given === undefined ? 1 : Math.min(Number(given), 1) }
}

/** The most exact range that takes the type decides its weight. */
function weightOf(type: string, ranges: readonly Range[]): { readonly weight: number; readonly exactness: number } {
  const names = ['*/*', `${type.split('/')[0]}/*`, type]
  return ranges
    .map(({ name, weight }) => ({ weight, exactness: names.indexOf(name) }))
    .filter(({ exactness }) => exactness >= 0)
    .reduce((best, one) => (one.exactness > best.exactness ? one : best), { weight: 0, exactness: -1 })
}

interface Weighed {
  readonly weight: number
  readonly exactness: number
}

const isCloser = (one: Weighed, best: Weighed): boolean =>
  one.weight === best.weight && one.weight > 0 && one.exactness > best.exactness
