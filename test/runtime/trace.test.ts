import {
  currentTrace,
  formatTraceparent,
  inThisTrace,
  parseTraceparent,
  traced,
  traceFrom,
  traceOf,
} from '../../src/runtime/trace.ts'

const id = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = '00f067aa0ba902b7'
const valid = `00-${id}-${parent}-01`

test.each([
  ['as it is sent', valid, true],
  ['not sampled', `00-${id}-${parent}-00`, false],
  ['with flags that mean nothing yet', `00-${id}-${parent}-fe`, false],
  ['with all flags', `00-${id}-${parent}-ff`, true],
  ['of a version to come', `01-${id}-${parent}-01`, true],
  ['of a version to come, with more', `cc-${id}-${parent}-00-what-the-future-will-be-like`, false],
  ['of a version to come, with nothing after a dash', `fe-${id}-${parent}-01-`, true],
])('a traceparent is read: %s', (_what, text, sampled) => {
  expect(parseTraceparent(text)).toEqual({ id, parent, sampled })
})

test.each([
  ['nothing', ''],
  ['the version that there is not', `ff-${id}-${parent}-01`],
  ['a version in capitals', `0A-${id}-${parent}-01`],
  ['a version of one digit', `0-${id}-${parent}-01`],
  ['a trace in capitals', valid.toUpperCase()],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${parent}-01`],
  ['a parent of zeros', `00-${id}-${'0'.repeat(16)}-01`],
  ['a trace that is too short', `00-${id.slice(1)}-${parent}-01`],
  ['a trace that is too long', `00-${id}0-${parent}-01`],
  ['a parent that is too short', `00-${id}-${parent.slice(1)}-01`],
  ['what is not hexadecimal', `00-${id.replace('4', 'g')}-${parent}-01`],
  ['flags of one digit', `00-${id}-${parent}-1`],
  ['no flags', `00-${id}-${parent}`],
  ['more than version 00 has', `${valid}-01`],
  ['a dash at the end, in version 00', `${valid}-`],
  ['more of a version to come, without a dash', `01-${id}-${parent}-01.more`],
  ['flags of three digits, of a version to come', `01-${id}-${parent}-011`],
  ['two headers, joined', `${valid}, ${valid}`],
  ['two headers of a version to come, joined', `01-${id}-${parent}-01, ${valid}`],
  ['a space before', ` ${valid}`],
  ['a line break after', `${valid}\n`],
  ['other separators', valid.replaceAll('-', '_')],
  ['digits of another script', valid.replace('4', '٤')],
])('a traceparent is not read: %s', (_what, text) => {
  expect(parseTraceparent(text)).toBeNull()
})

test('a trace is continued with a new span, and its header can be read back', () => {
  const trace = traceFrom(valid)
  expect(trace).toEqual({ id, span: expect.stringMatching(/^[0-9a-f]{16}$/), sampled: true })
  expect(trace.span).not.toBe(parent)
  expect(parseTraceparent(formatTraceparent(trace))).toEqual({ id, parent: trace.span, sampled: true })
})

test.each([null, 'nonsense'])('without a valid header (%s) every call has its own trace', (header) => {
  const [one, two] = [traceFrom(header), traceFrom(header)]
  expect(one.id).not.toBe(two.id)
  expect(parseTraceparent(formatTraceparent(one))).toEqual({ id: one.id, parent: one.span, sampled: false })
})

test('a trace covers awaited and background work, and nothing beside it', async () => {
  const [one, two] = [traceFrom(null), traceFrom(null)]
  const later = async () => {
    await new Promise((done) => setImmediate(done))
    return currentTrace()
  }
  const [first, second, none] = await Promise.all([traced(one, later), traced(two, later), later()])
  expect([first, second, none]).toEqual([one, two, null])
})

test('work that is started later has the trace in which it was handed over', () => {
  const [one, two] = [traceFrom(null), traceFrom(null)]
  expect(
    traced(
      two,
      traced(one, () => inThisTrace(currentTrace)),
    ),
  ).toBe(one)
  expect(traced(two, inThisTrace(currentTrace))).toBeNull()
})

describe('a host that hands a call on', () => {
  const [other, span] = ['b'.repeat(32), 'c'.repeat(16)]
  test.each<[string, string | null, string | undefined, string | RegExp]>([
    ['with the trace of the caller in it', valid, `00-${id}-${span}-01`, id],
    ['with a trace of its own, for a caller without one', null, `00-${other}-${span}-01`, other],
    ['with a trace of its own, for one that is malformed', 'nonsense', `00-${other}-${span}-01`, other],
    ['with another trace than its caller asked for', valid, `00-${other}-${span}-01`, id],
    ['without a trace', valid, undefined, id],
    ['without a trace, like its caller', null, undefined, /^[0-9a-f]{32}$/],
    ['with one that is malformed', null, 'nonsense', /^[0-9a-f]{32}$/],
  ])('is followed as far as the caller lets it: %s', (_what, header, host, expected) => {
    const trace = traceOf(header, host)
    expect(trace.id).toMatch(expected)
    expect([parent, span]).not.toContain(trace.span)
  })
})
