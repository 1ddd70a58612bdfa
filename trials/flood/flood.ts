/** One process, with the calls that agents make. */
export interface Desk {
  /** @returns the request's id, or the code of a problem */
  ask(agent: number, ask: { readonly key: string; readonly target: string }): Promise<Said>
  /** @returns the code of a problem, or `null` if the request was cancelled */
  cancel(agent: number, id: string): Promise<string | null>
}

type Said = { readonly id: string } | { readonly problem: string }

export interface Flood {
  readonly desks: readonly Desk[]
  /** An agent's pending requests, an agent's asks in an hour, and the cards in the channel of all. */
  readonly limits: { readonly pending: number; readonly hourly: number; readonly cards: number }
  /** Asks of each attack. */
  readonly asks: number
  /** Asks at once. */
  readonly clients: number
  /** Sets all clocks forward. */
  advance(seconds: number): Promise<void>
}

/** Problems that say neither yes nor no. */
const passing: readonly string[] = ['busy', 'unavailable']

/** The time in which a request was certainly pending: from its answer to its cancellation. */
interface Span {
  readonly agent: number
  readonly id: string
  readonly from: number
  to: number
}

/**
 * Attacks the limits on asking from many agents, with many keys, at several processes at once.
 *
 * @returns the results, in words
 * @throws {Error} if more requests were taken than allowed, or fewer, because slots were lost
 */
export async function flood(attacked: Flood): Promise<readonly string[]> {
  const { desks, limits, asks, clients } = attacked
  const spans: Span[] = []
  let [busy, number] = [0, 0]

  /** Asks with the same key until the answer is yes or no, and not a lost race or a passing fault. */
  async function ask(agent: number, more: { key?: string; target?: string; desk?: number } = {}): Promise<Said> {
    const n = ++number
    const { key = `key-${n}`, target = `target-${n}` } = more
    for (let attempt = more.desk ?? n; ; attempt++) {
      const said = await deskOf(attempt).ask(agent, { key, target })
      const isBusy = 'problem' in said && passing.includes(said.problem)
      if (!isBusy) {
        if ('id' in said && !spans.some(({ id }) => id === said.id))
          spans.push({ agent, id: said.id, from: performance.now(), to: Infinity })
        return said
      }
      busy++
    }
  }
  const deskOf = (n: number): Desk => {
    const desk = desks[n % desks.length]
    if (!desk) throw new Error('There is no process.')
    return desk
  }
  async function cancel(span: Span): Promise<void> {
    span.to = performance.now()
    for (;;) {
      const problem = await deskOf(++number).cancel(span.agent, span.id)
      if (problem === null) return
      if (!passing.includes(problem)) throw new Error(`A cancellation was answered ${problem}`)
      busy++
    }
  }
  const cancelAll = () => Promise.all(spans.filter(({ to }) => to === Infinity).map(cancel))
  const results: string[] = []
  const note = (attack: string, said: readonly Said[]): void => {
    const counts = new Map<string, number>()
    for (const one of said) {
      const outcome = 'id' in one ? 'asked' : one.problem
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    }
    results.push(`${attack}: ${[...counts].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`)
  }

  const single = await atOnce(clients, asks, () => ask(1))
  note('one agent, a key each', single)
  exactly('requests of one agent that are pending', made(single), limits.pending)

  const same = await atOnce(clients, clients, (i) => ask(2, { key: 'same', target: 'same', desk: i }))
  note('one agent, one key, at all processes', same)
  exactly('requests of one key', new Set(same.map((one) => ('id' in one ? one.id : one.problem))).size, 1)

  const many = await atOnce(clients, asks, (i) => ask(3 + (i % 7 === 0 ? i % 40 : i % 4)))
  note('many agents, a key each', many)
  exactly('cards in the channel', spans.filter(({ to }) => to === Infinity).length, limits.cards)

  await cancelAll()
  const churners = [50, 51]
  const churned = await atOnce(clients, asks, async (i) => {
    const agent = churners[i % churners.length] ?? 50
    const said = await ask(agent)
    const mine = spans.find(({ id }) => 'id' in said && id === said.id)
    if (mine) await cancel(mine)
    return said
  })
  note('asked and cancelled in a loop', churned)
  for (const agent of churners) {
    // Asks that were refused because of too many pending requests did not count: use up the rest one by one.
    for (let said = await ask(agent); 'id' in said; said = await ask(agent)) await cancelAll()
    exactly('asks of one agent in an hour', spans.filter((span) => span.agent === agent).length, limits.hourly)
  }

  checkSpans(spans, limits)
  // Slots of asks that never became requests are freed after a minute.
  await attacked.advance(61)
  const again = await atOnce(clients, asks, (i) => ask(60 + (i % 40)))
  note('many other agents, after all was closed', again)
  exactly('cards in the channel again', made(again), limits.cards)
  await cancelAll()
  await attacked.advance(3_601)
  const last = await atOnce(clients, limits.pending * 4, () => ask(1))
  exactly('requests of the first agent again', made(last), limits.pending)
  checkSpans(spans, limits)
  return [...results, `calls that were repeated, because they got neither yes nor no: ${busy}`]
}

const made = (said: readonly Said[]): number => said.filter((one) => 'id' in one).length

function exactly(what: string, found: number, wanted: number): void {
  if (found !== wanted) throw new Error(`${what}: ${found}, not ${wanted}`)
}

/** Checks that at no moment more requests were pending than an agent or the channel may have. */
function checkSpans(spans: readonly Span[], limits: Flood['limits']): void {
  for (const { from, agent } of spans) {
    const then = spans.filter((one) => one.from <= from && from < one.to)
    const ofAgent = then.filter((one) => one.agent === agent).length
    if (ofAgent > limits.pending || then.length > limits.cards)
      throw new Error(`At one moment, ${ofAgent} were pending of one agent, and ${then.length} of all`)
  }
}

/** Runs a task `all` times, `clients` of them at once. */
async function atOnce<T>(clients: number, all: number, run: (i: number) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = []
  let next = 0
  const work = async () => {
    while (next < all) results.push(await run(next++))
  }
  await Promise.all(Array.from({ length: clients }, work))
  return results
}
