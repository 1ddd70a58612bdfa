import { readFileSync } from 'node:fs'
import { isRequestId, type RequestId } from '../../../src/core/data/id.ts'
import { Sample, type SampledRequest } from '../../../src/cli/period/sample.ts'

interface Golden {
  readonly ids: readonly RequestId[]
  readonly samples: readonly {
    readonly seed: string
    readonly size: number
    readonly picked: readonly SampledRequest[]
  }[]
}

/** Another program made it: test/golden/sample.py. */
const golden = JSON.parse(readFileSync('test/golden/sample.json', 'utf8')) as Golden

test('the golden requests are requests', () => {
  expect(golden.ids.filter((id) => !isRequestId(id))).toEqual([])
  expect(golden.samples).toHaveLength(5)
})

test.each(golden.samples.map((one) => [one.seed, one.size, one.picked] as const))(
  'the seed “%s” picks the %d requests that another program picks',
  (seed, size, picked) => {
    for (const ids of [golden.ids, golden.ids.toReversed()]) {
      const sample = new Sample({ seed, size })
      for (const id of ids) sample.take(id)
      expect(sample.picked()).toEqual(picked)
    }
  },
)

test('another seed picks other requests', () => {
  const picked = ['a', 'b'].map((seed) => {
    const sample = new Sample({ seed, size: 5 })
    for (const id of golden.ids) sample.take(id)
    return sample.picked().map(({ id }) => id)
  })
  expect(picked[0]).not.toEqual(picked[1])
})
