import type { Instant } from '../core/data/instant.ts'

/**
 * A piece of a sentence. Each channel draws the roles in its own way: Teams as text runs, the CLI as terminal text.
 *
 * `text` is ours. `name`, `quoted` and `exact` come from other people and are not yet safe to show: the channel makes
 * their hidden characters visible, so that they cannot pass for our words. `exact` is what a program uses, letter by
 * letter, as a command. `time` is a moment that a channel may write in the reader's own time zone; with `clock` the day
 * goes without saying.
 */
export type Run =
  | { readonly role: 'text' | 'name' | 'quoted' | 'exact'; readonly text: string }
  | { readonly role: 'time'; readonly at: Instant; readonly clock?: true }

export type Sentence = readonly Run[]

export const text = (text: string): Run => ({ role: 'text', text })
export const name = (text: string): Run => ({ role: 'name', text })
export const quoted = (text: string): Run => ({ role: 'quoted', text })
export const exact = (text: string): Run => ({ role: 'exact', text })
export const time = (at: Instant): Run => ({ role: 'time', at })
export const clock = (at: Instant): Run => ({ role: 'time', at, clock: true })

/** Writes a sentence as one text, for channels without fonts and time zones. Makes nothing safe. */
export const plain = (sentence: Sentence): string =>
  sentence.map((run) => (run.role === 'time' ? run.at : run.text)).join('')
