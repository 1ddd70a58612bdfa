import * as fc from 'fast-check'

/** How many times as many runs a property has, from the trial `properties`. */
const times = Number(process.env['COUNTERSIGN_PROPERTY_RUNS'] ?? '0')

/**
 * Parameters of a property whose runs are slow: a sample that is always the same, or as many times more as the trial
 * `properties` wants, by chance.
 */
export const sample = (numRuns: number): { readonly numRuns: number; readonly seed?: number } =>
  times > 0 ? { numRuns: numRuns * times } : { numRuns, seed: 20_260_304 }

/** Shuffles a list. The order is the same for the same seed. */
export const shuffled = <T>(all: readonly T[], seed: number): T[] =>
  fc.sample(fc.shuffledSubarray([...all], { minLength: all.length }), { numRuns: 1, seed })[0] ?? []

const surrogates = 0x800

/**
 * Any character of Unicode. `fast-check` has the unit `binary` for it, but makes a table of all million characters at
 * its first use, which takes two seconds in each test file.
 */
const character = fc.nat({ max: 0x10ffff - surrogates }).map(
  (n) => String.fromCodePoint(n < 0xd800 ? n : n + surrogates),
  (text) => {
    const [n = -1, ...more] = [...String(text)].map((one) => one.codePointAt(0) ?? -1)
    if (typeof text !== 'string' || n < 0 || more.length > 0) throw new Error('This is no character.')
    return n < 0xd800 ? n : n - surrogates
  },
)

/** Texts of any characters, among them names that mean something to JavaScript. */
export const unicode = (constraints: Omit<fc.StringConstraints, 'unit'> = {}): fc.Arbitrary<string> =>
  fc.string({ ...constraints, unit: character })

/** As {@link unicode}, inside of JSON. */
export const unicodeInside = { stringUnit: character }
