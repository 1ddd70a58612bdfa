import { inTime } from '../../src/runtime/deadline.ts'

const never = new Promise<string>(() => undefined)
const fail = (): never => {
  throw new Error('late')
}

beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
})

test('work that ends in time gives its result, and leaves no timer', async () => {
  expect(await inTime(Promise.resolve('done'), 1_000, fail)).toBe('done')
  await expect(inTime(Promise.reject(new Error('broken')), 1_000, fail)).rejects.toThrow('broken')
  expect(jest.getTimerCount()).toBe(0)
})

test('when the time is up, the other result or error is used', async () => {
  const other = inTime(never, 1_000, () => 'other')
  const failed = expect(inTime(never, 1_000, fail)).rejects.toThrow('late')
  await jest.advanceTimersByTimeAsync(1_000)
  expect(await other).toBe('other')
  await failed
})

test('the error of late work does not end the process', async () => {
  let reject = (_cause: Error) => {}
  const work = new Promise<string>((_, no) => {
    reject = no
  })
  const other = inTime(work, 1_000, () => 'other')
  await jest.advanceTimersByTimeAsync(1_000)
  reject(new Error('broken'))
  expect(await other).toBe('other')
})
