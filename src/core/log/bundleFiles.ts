/** A kind of file in a bundle. */
export interface MemberFile {
  /** The most bytes that one such file may have. */
  readonly most: number
  /** Whether it is read piece by piece, since it can be larger than memory. */
  readonly isStreamed: boolean
  /** Whether bundles of an earlier program lack it, or days on which it would tell nothing. */
  readonly isLater?: true
}

const mebibyte = 2 ** 20

const whole = <Name extends string>(name: Name, most: number) => ({ name, most, isStreamed: false }) as const
const streamed = <Name extends string>(name: Name) => ({ name, most: 2 ** 36, isStreamed: true }) as const
/** Any number of files, also none; sorted by name. */
const several = (pattern: RegExp, most: number) => ({ pattern, most, isStreamed: false }) as const

/** The files of a bundle, in their order (docs/evidence/bundle.md, "Members, in this order"). */
export const bundleFiles = {
  readme: whole('README.txt', mebibyte),
  shell: whole('verify.sh', mebibyte),
  python: whole('verify.py', mebibyte),
  keys: several(/^keys\/[A-Za-z0-9_-]{43}\.pem$/, 2 ** 14),
  policies: several(/^policy\/[0-9a-f]{64}(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4}$/, 2 ** 24),
  cards: several(/^cards\/[0-9a-f]{64}\.json$/, 2 ** 24),
  checkpointBefore: whole('checkpoint.prev', mebibyte),
  checkpoint: whole('checkpoint', mebibyte),
  growth: whole('checkpoint.add', mebibyte),
  records: streamed('records.jsonl'),
  carried: streamed('carried.jsonl'),
  requests: streamed('requests.csv'),
  exceptions: streamed('exceptions.csv'),
  further: { ...streamed('further.csv'), isLater: true },
  metrics: { ...streamed('metrics.csv'), isLater: true },
  manifest: whole('manifest.sigstore.json', 2 ** 22),
} as const satisfies Readonly<Record<string, MemberFile & ({ readonly name: string } | { readonly pattern: RegExp })>>

export type BundleFileKind = keyof typeof bundleFiles

const kinds = Object.keys(bundleFiles) as readonly BundleFileKind[]

/** Finds the kind of file that has this name; `null` if no bundle has such a file. */
export function bundleFileKind(name: string): BundleFileKind | null {
  const fits = (kind: BundleFileKind): boolean => {
    const file = bundleFiles[kind]
    return 'name' in file ? file.name === name : file.pattern.test(name)
  }
  return kinds.find(fits) ?? null
}

/** The names of the files that every bundle has, in their order. */
export const requiredFiles: readonly string[] = kinds.flatMap((kind) => {
  const file = bundleFiles[kind]
  return 'name' in file && !('isLater' in file) ? [file.name] : []
})

/** Puts members in the order of a bundle. */
export const inBundleOrder = <Item>(members: Readonly<Record<BundleFileKind, readonly Item[]>>): readonly Item[] =>
  kinds.flatMap((kind) => members[kind])
