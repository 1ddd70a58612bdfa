import { Problem } from '../../src/core/data/problem.ts'
import type { SealingParts } from '../../src/evidence/seal/seal.ts'
import { around } from './days.ts'

/** Where a process ends: before a call had its effect, or after. */
export type End = 'before' | 'after'

/**
 * A process that ends at the first call for which `when` answers. Nothing that it wants after that happens, but for
 * the calls that are on their way already.
 *
 * @param when is given the day that is sealed, the call with its arguments, and which of several alike it is
 */
export function ending(parts: SealingParts, when: (call: string) => End | null) {
  const counts = new Map<string, number>()
  let day = ''
  const onTheWay = new Set<Promise<unknown>>()
  let isOver = false
  const over = () => {
    isOver = true
    return new Problem('unavailable', 'The process ends here.')
  }
  const wrapped = around(parts, async (name, call, args) => {
    if (isOver) throw over()
    if (name === 'seals.head') day = ''
    // Earlier plans are looked at too.
    if (name === 'seals.plan' && String(args[0]) > day) day = String(args[0])
    const words = args.filter((arg) => typeof arg === 'string' && /^[\w:./-]+$/.test(arg))
    const what = [day, name, ...words].join(' ')
    const count = counts.get(what) ?? 0
    counts.set(what, count + 1)
    const end = when(`${what} #${count}`)
    if (end === 'before') throw over()
    const result = call()
    onTheWay.add(result)
    // Whoever made the call hears of it; this only waits.
    result.catch(() => undefined).finally(() => onTheWay.delete(result))
    const answer = await result
    if (end === 'after') throw over()
    return answer
  })
  return { parts: wrapped, idle: () => Promise.allSettled(onTheWay) }
}
