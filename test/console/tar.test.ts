import { TooLarge, tarOf } from '../../src/console/evidence/tar.ts'

test('a file of 8 GiB does not fit into an archive, whose sizes have eleven octal digits', () => {
  const file = (size: number) => ({ name: 'large.zip', size }) as File
  expect(() => tarOf([file(2 ** 33)])).toThrow(TooLarge)
})
