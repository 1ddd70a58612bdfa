import { isObject, jsonIn } from '../../core/data/json.ts'
import type { RequestFacts } from './facts.ts'

/** The names of people and agents by object id, as far as what was given tells. Ids decide; names are for display. */
export class NamesOfPeriod {
  readonly #names = new Map<string, string>()

  /** Takes the names with which people voted on a request, or did something else about it. */
  learn(facts: RequestFacts): void {
    for (const { seq, by } of [...facts.votes, ...facts.steps]) this.#take(by, facts.said[`${seq} name`])
  }

  /** Takes the names that a policy version gives to agents. */
  learnAgents(roster: Uint8Array): void {
    const value = jsonIn(roster, limits)
    const agents = isObject(value) ? value['agents'] : undefined
    for (const [id, agent] of Object.entries(isObject(agents) ? agents : {})) {
      const name = isObject(agent) ? agent['name'] : undefined
      if (typeof name === 'string') this.#take(id, name)
    }
  }

  /** The name alone; absent if none is known. */
  name(id: string): string | undefined {
    return this.#names.get(id)
  }

  /** `Name (id)`, or the id alone. */
  full(id: string): string {
    const name = this.#names.get(id)
    return name === undefined ? id : `${name} (${id})`
  }

  #take(id: string, name: string | undefined): void {
    if (name !== undefined) this.#names.set(id, name)
  }
}

/** As the loader of policies has them. */
const limits = { bytes: 262_144, depth: 8, nodes: 20_000 }
