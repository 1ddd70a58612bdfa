/** What a person typed into the card of a request. */
export interface CardDraft {
  /** The request's id. */
  readonly request: string
  readonly page: number
  /** The number of the form that is open, counted from 0. */
  readonly open: number | null
  /** By the id of the input. */
  readonly typed: Readonly<Record<string, string>>
}

/** How a person is signed in: one adapter for a browser, and one inside Teams. */
export interface PageSession {
  /** Returns an access token of the API. Signs in again where the person has to, and then leaves the page. */
  token(): Promise<string>
  /** Forgets the token. */
  forget(): void
  /**
   * Signs in once more to meet these claims (OpenID Connect Core 1.0 section 5.5). A browser leaves the page for that;
   * Teams asks above it, and then this resolves.
   */
  prove(claims: string): Promise<void>
  /** What is typed and not sent yet. It comes back after a sign-in that leaves the page. */
  draft: CardDraft | null
  /**
   * Ends the session with the identity provider, and leaves the page. Absent inside Teams, which owns the session, and
   * whose colours the page follows.
   */
  readonly leave?: () => Promise<void>
}
