const tooLate = Symbol('too late')

/**
 * Waits for work for at most `ms` milliseconds. Work that is late goes on, but its result or error is ignored.
 *
 * @param late runs when the time is up; its result is returned instead, or its error thrown
 */
export async function inTime<Result, Other>(
  work: Promise<Result>,
  ms: number,
  late: () => Other | Promise<Other>,
): Promise<Result | Other> {
  let timer: NodeJS.Timeout | undefined
  const end = new Promise<typeof tooLate>((done) => {
    timer = setTimeout(() => done(tooLate), ms)
  })
  try {
    const first = await Promise.race([work, end])
    return first === tooLate ? await late() : first
  } finally {
    clearTimeout(timer)
  }
}
