/** Drafts as they travel through a sign-in that leaves the page. */
export interface KeptDrafts {
  /** The object id of who typed them. `null` if nobody was signed in. */
  readonly owner: string | null
  /** What was typed, by the name of the form. */
  readonly typed: readonly (readonly [form: string, typed: unknown])[]
}

/**
 * What the person who is signed in typed into forms and did not send yet, by the name of the form. It is kept in memory,
 * and has no token. A form takes its own draft, and drops it once it was sent.
 */
export class Drafts {
  #owner: string | null
  readonly #typed: Map<string, unknown>

  constructor({ owner, typed }: KeptDrafts = { owner: null, typed: [] }) {
    this.#owner = owner
    this.#typed = new Map(typed)
  }

  /** Says who is signed in now, by object id. What somebody else typed is dropped. */
  belongTo(person: string): void {
    if (this.#owner !== person) this.#typed.clear()
    this.#owner = person
  }

  /** What was typed into a form, in the shape that the form put; `null` if there is nothing. */
  of<T>(form: string): T | null {
    return (this.#typed.get(form) as T | undefined) ?? null
  }

  put(form: string, typed: unknown): void {
    this.#typed.set(form, typed)
  }

  drop(form: string): void {
    this.#typed.delete(form)
  }

  kept(): KeptDrafts {
    return { owner: this.#owner, typed: [...this.#typed] }
  }
}

/** Under which name drafts have that their person went to a step-up for a request. */
export const stepUpOf = (id: string): string => `step-up ${id}`

/** Under which name drafts have why a step-up was refused: the identity provider's code, or nothing. */
export const refusedStepUp = 'refused step-up'

/** How a person is signed in: one adapter for a browser, and one inside Teams. */
export interface PageSession {
  /** Returns an access token of the API. Signs in again where the person has to, and then leaves the page. */
  token(): Promise<string>
  /** Forgets the token. */
  forget(): void
  /**
   * Signs in once more to meet these claims (OpenID Connect Core 1.0 section 5.5). A browser leaves the page for that, and
   * comes back to it in any case; Teams asks above it, and then this resolves.
   *
   * @throws {Error} in words for the reader, if it cannot be begun, or if Teams does not get it
   */
  stepUp(claims: string): Promise<void>
  /** What is typed and not sent yet. It comes back after a sign-in that leaves the page. */
  readonly drafts: Drafts
  /**
   * Ends the session with the identity provider, drops what was typed, and leaves the page. Absent inside Teams, which owns
   * the session.
   */
  readonly leave?: () => Promise<void>
}
