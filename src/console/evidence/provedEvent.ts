/** An event of a story. */
export interface ProvedEvent {
  /** The request's id. */
  readonly request: string
  /** The event's number in its shard. */
  readonly seq: number
  /** The event as the page shows it: as it is hashed. */
  readonly leaf: string
}
