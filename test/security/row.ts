/** An attack, what stands against it, and the tests that notice if that is gone: a section of docs/security/controls.md. */
export interface Row {
  readonly attack: string
  readonly control: string
  readonly switches: readonly [Switch, ...Switch[]]
}

/** Switches one control off: a text of a file, which is there exactly once, becomes another. */
export interface Switch {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** By file: the titles of the tests that then fail, each after those of its `describe`s, with ` › ` between. */
  readonly tests: Readonly<Record<string, readonly string[]>>
  /** The tests run what is built. */
  readonly build?: true
}
