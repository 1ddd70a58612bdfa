/** A parsed route template of Azure Functions, and its target. */
export interface Route<Target> {
  readonly methods: readonly string[]
  readonly pattern: RegExp
  readonly names: readonly string[]
  /** One digit a segment. Literal text sorts before a parameter, and a parameter before `{*rest}`. */
  readonly rank: string
  readonly target: Target
}

export interface RouteMatch<Target> {
  readonly target: Target
  readonly params: Record<string, string>
}

/** Parses a template of literal segments, `{name}` and, at the end, `{*rest}`. Paths ignore case, as in Azure. */
export function route<Target>(template: string, methods: readonly string[], target: Target): Route<Target> {
  const segments = template.split('/').filter((segment) => segment !== '')
  const read = segments.map((segment, index) => readSegment(template, segment, index === segments.length - 1))
  return {
    methods: methods.map((method) => method.toUpperCase()),
    pattern: new RegExp(`^${read.map(({ source }) => source).join('')}/?$`, 'i'),
    names: read.flatMap(({ name }) => name ?? []),
    rank: read.map(({ rank }) => rank).join(''),
    target,
  }
}

/** Finds the most literal route that matches. `null` also if only another method matches: Azure answers 404 then. */
export function findRoute<Target>(
  routes: readonly Route<Target>[],
  method: string,
  path: string,
): RouteMatch<Target> | null {
  const [best] = routes
    .filter((each) => each.methods.includes(method) && each.pattern.test(path))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
  if (best === undefined) return null
  const [, ...values] = best.pattern.exec(path) ?? []
  const params: Record<string, string> = {}
  for (const [index, name] of best.names.entries()) {
    const value = decoded(values[index] ?? '')
    if (value === null) return null
    params[name] = value
  }
  return { target: best.target, params }
}

function readSegment(
  template: string,
  segment: string,
  last: boolean,
): { source: string; rank: string; name?: string } {
  if (!/[{}]/.test(segment)) return { source: `/${segment.replace(/[.*+?^$()|[\]\\]/g, '\\$&')}`, rank: '0' }
  const [, star, name] = /^\{(\*?)(\w+)\}$/.exec(segment) ?? []
  if (name === undefined || (star === '*' && !last))
    throw new Error(`The local host does not support ${segment} in the route ${template}.`)
  return star === '*' ? { source: '(?:/(.*))?', rank: '2', name } : { source: '/([^/]+)', rank: '1', name }
}

function decoded(value: string): string | null {
  try {
    return decodeURIComponent(value)
  } catch {
    return null
  }
}
