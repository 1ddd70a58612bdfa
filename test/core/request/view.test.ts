import * as fc from 'fast-check'
import { sha256 } from '../../../src/core/data/id.ts'
import { viewDigest } from '../../../src/core/request/view.ts'

const view = { content: sha256('content'), template: sha256('template'), warnings: ['long-target', 'mixed-script'] }

test('the digest of a view is what any language computes', () => {
  // Python: 'sha256:' + sha256(json.dumps({'v': 1, **view}, sort_keys=True, separators=(',', ':'))).hexdigest()
  expect(viewDigest(view)).toBe('sha256:8d481105042e900d6f8903b9707ccd3b60cfd4bc2e60c11f5fdcdc9ca86f5aa2')
})

test.each([
  ['content', { content: sha256('other') }],
  ['template', { template: sha256('other') }],
  ['a warning', { warnings: ['long-target'] }],
  ['the order of warnings', { warnings: ['mixed-script', 'long-target'] }],
])('another view has another digest: %s', (_what, other) => {
  expect(viewDigest({ ...view, ...other })).not.toBe(viewDigest(view))
})

test('nothing but these three makes a view', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().filter((key) => !(key in view)),
        fc.string(),
      ),
      (more) => {
        expect(viewDigest({ ...more, ...view })).toBe(viewDigest(view))
      },
    ),
  )
})
