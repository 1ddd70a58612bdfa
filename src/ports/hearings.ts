import type { ObjectId } from '../core/data/id.ts'

/** A person who said to the bot, in their own chat, that they want to be told. */
export interface Hearing {
  readonly person: ObjectId
  /** Their own chat with the bot. */
  readonly conversation: string
  /** Hours in which nothing is sent that can wait, as `22:00-07:00 Europe/Berlin`. */
  readonly quiet?: string
}

/**
 * Who wants to be told of requests. A row that somebody changes outside of the service decides nothing: a person is told of no
 * request that they may not know of, but in the conversation that the row names.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached
 */
export interface Hearings {
  /** Lists all of them. */
  hearings(): Promise<readonly Hearing[]>
  /** `null` for a person who did not say so. */
  hearing(person: ObjectId): Promise<Hearing | null>
  putHearing(hearing: Hearing): Promise<void>
  dropHearing(person: ObjectId): Promise<void>
}
