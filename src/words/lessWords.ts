/** Of the form in which an approver makes a request smaller. */
export interface LessWords {
  readonly form: string
  readonly now: string
  /** Nothing is decided by it. */
  readonly about: string
  readonly reason: string
  /** The fields: `name` is that of a param, which policy wrote. */
  readonly number: (name: string, before: number) => string
  readonly uses: (before: number) => string
  readonly seconds: (before: number) => string
  readonly list: (name: string) => string
  /** An item of a list, by its place; by its text as well where that is a plain word. */
  readonly item: (place: number, text: string | null) => string
  /** A list that has more items than a card has room for. */
  readonly tooLong: (name: string) => string
  /** Instead of the fields, where the rest of the card leaves no room for them. */
  readonly noRoom: string
  readonly missing: string
  readonly noNumber: (name: string) => string
}
