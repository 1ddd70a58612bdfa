import type { RequestId } from '../data/id.ts'
import type { Life } from './replayedRequest.ts'

/** The requests of a replay. What is done to one request several times in a row is looked up once. */
export class Lives {
  readonly #all = new Map<RequestId, { life: Life }>()
  readonly #touched = new Set<{ readonly life: Life }>()
  #id: RequestId | null = null
  #found: { life: Life } | undefined

  get(id: RequestId): Life | undefined {
    return this.#place(id)?.life
  }

  set(id: RequestId, life: Life): void {
    const place = this.#place(id)
    if (place) {
      place.life = life
      return
    }
    this.#found = { life }
    this.#all.set(id, this.#found)
  }

  /** Notes that the request has an event of the day. */
  touch(id: RequestId): void {
    const place = this.#place(id)
    if (place) this.#touched.add(place)
  }

  /** Those with events of the day, in the order of the first. */
  touched(): readonly Life[] {
    return Array.from(this.#touched, ({ life }) => life)
  }

  /** Those of these requests that were replayed. */
  of(ids: Iterable<RequestId>): readonly Life[] {
    return Array.from(ids).flatMap((id) => this.get(id) ?? [])
  }

  forget(id: RequestId): void {
    const place = this.#place(id)
    if (!place) return
    this.#touched.delete(place)
    this.#all.delete(id)
    this.#found = undefined
  }

  #place(id: RequestId): { life: Life } | undefined {
    if (id !== this.#id) {
      this.#id = id
      this.#found = this.#all.get(id)
    }
    return this.#found
  }
}
