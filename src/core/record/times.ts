/**
 * Milliseconds, in no order: four bytes for each, as long as all are whole numbers below 2^32 (49 days). It is plain data,
 * because it may come from a thread.
 */
export interface Times {
  values: Uint32Array | Float64Array
  /** How many of the values are in use. */
  count: number
}

export const noTimes = (): Times => ({ values: new Uint32Array(4), count: 0 })

export function addTime(times: Times, time: number): void {
  const { count } = times
  if (count === times.values.length) times.values = enlarged(times.values)
  times.values[count] = time
  if (times.values[count] !== time) {
    times.values = Float64Array.from(times.values)
    times.values[count] = time
  }
  times.count += 1
}

/** Adds the times that were kept elsewhere. */
export function addTimes(times: Times, { values, count }: Times): void {
  for (const time of values.subarray(0, count)) addTime(times, time)
}

/** Sorts the times where they are. The result is valid until another is added. */
export const sortedTimes = ({ values, count }: Times): Uint32Array | Float64Array => values.subarray(0, count).sort()

/** By half: a larger step would leave more room unused than the values of a large day take. */
function enlarged(values: Times['values']): Times['values'] {
  const length = Math.ceil(values.length * 1.5)
  const larger = values instanceof Uint32Array ? new Uint32Array(length) : new Float64Array(length)
  larger.set(values)
  return larger
}
