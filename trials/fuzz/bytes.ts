import * as fc from 'fast-check'

/** Texts that a reader may fail on, wherever they appear. */
const tokens: readonly Buffer[] = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ',',
    ':',
    '\n',
    '\n\n',
    '\r',
    '\t',
    ' ',
    '\u0000',
    '.',
    '/',
    '..',
    '~1',
    '— ',
    '=',
    '-',
  ],
  ...[
    '"__proto__":',
    '"constructor":1,',
    '"a":1,"a":2',
    'null',
    '-0',
    '1e400',
    '9007199254740993',
    '0.1e-9',
    '"\\ud800"',
  ],
  ...[
    '\ufeff',
    '\u202e',
    '\u200b',
    '\u0085',
    'é',
    'e\u0301',
    '😀',
    '${x}',
    '{{DATE(1)}}',
    "' or 1 eq 1",
    '@id("x")',
    '//',
  ],
].map((text) => Buffer.from(text))

const broken: readonly Buffer[] = [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]].map((bytes) =>
  Buffer.from(bytes),
)

/** One change of bytes. Its place is a fraction of their length. */
const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.constantFrom(0, 0, 1, 1, 2, 8, 64, 1000),
  piece: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...tokens, ...broken) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 2, arbitrary: fc.constant(Buffer.alloc(0)) },
    { weight: 1, arbitrary: fc.constantFrom(...tokens).map((token) => Buffer.concat(Array(200).fill(token))) },
  ),
})

/** Changes some bytes of a sample; now and then none. */
export const changed = (samples: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc.tuple(fc.constantFrom(...samples), fc.array(change, { maxLength: 4 })).map(([sample, changes]) =>
    changes.reduce((bytes, { at, length, piece }) => {
      const from = Math.floor(at * bytes.length)
      return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from + length)])
    }, sample),
  )

/** Changes a value of a JSON sample, or removes or adds a member. The result is still JSON. */
export const respelt = (samples: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.constantFrom(...samples),
      fc.array(fc.nat({ max: 40 }), { maxLength: 5 }),
      fc.jsonValue({ maxDepth: 2 }),
      what,
    )
    .map(([sample, path, value, what]) => {
      const parsed: unknown = JSON.parse(sample.toString())
      return Buffer.from(JSON.stringify(elsewhere(parsed, path, value, what)))
    })

const what = fc.constantFrom('replace', 'replace', 'remove', 'add')

function elsewhere(at: unknown, [step, ...path]: readonly number[], value: unknown, what: string): unknown {
  if (typeof at !== 'object' || at === null || step === undefined) return value
  const entries = Object.entries(at as Record<string, unknown>)
  const n = entries.length === 0 ? 0 : step % entries.length
  const last = path.length === 0
  const next = entries.flatMap(([key, one], i): [string, unknown][] => {
    if (i !== n) return [[key, one]]
    if (last && what === 'remove') return []
    return [[key, last && what === 'replace' ? value : elsewhere(one, path, value, what)]]
  })
  if (last && what === 'add') next.push([`x${step}`, value])
  return Array.isArray(at) ? next.map(([, one]) => one) : Object.fromEntries(next)
}

export const size = 65_536

/** Makes inputs of 64 KiB that are expensive for a careless reader. Some begin or end as a valid sample. */
export function large(samples: readonly Buffer[]): readonly Buffer[] {
  const [sample = Buffer.alloc(0)] = samples
  const nothing: Buffer = Buffer.alloc(0)
  const filled = (piece: Buffer, before = nothing, after = nothing): Buffer => {
    const times = Math.floor((size - before.length - after.length) / Math.max(1, piece.length))
    return Buffer.concat([before, ...Array<Buffer>(Math.max(0, times)).fill(piece), after])
  }
  const pieces = [
    ...tokens,
    ...broken,
    ...['a', 'a.', 'a-', 'aA', '0', '"a":', '{"a":', '[[', '— a b\n'].map((t) => Buffer.from(t)),
  ]
  const middle = Math.floor(sample.length / 2)
  return pieces.flatMap((piece) => [
    filled(piece),
    filled(piece, sample),
    filled(piece, nothing, sample),
    filled(piece, sample.subarray(0, middle), sample.subarray(middle)),
  ])
}
