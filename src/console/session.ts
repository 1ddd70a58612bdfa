/** How a person is signed in: one adapter for a browser, and one inside Teams. */
export interface PageSession {
  /** Returns an access token of the API. Signs in again where the person has to, and then leaves the page. */
  token(): Promise<string>
  /** Forgets the token. */
  forget(): void
  /** Ends the session with the identity provider, and leaves the page. Absent where the host owns the session. */
  readonly leave?: () => Promise<void>
}
