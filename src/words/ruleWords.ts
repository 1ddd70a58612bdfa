/** When a rule holds: clauses that are whole statements, as “rows is above 5”. */
export interface RuleConditions {
  /** Absent for a rule that holds always. */
  readonly when?: string
  /** Absent for a rule without an exception. */
  readonly unless?: string
}

/** A clause about a value, which is named, and what it is compared with. */
type Comparing = (value: string, other: string) => string

/** A clause about a value and a list of others. The list has at least one item. */
type Choosing = (value: string, items: readonly string[]) => string

/** How the rules of a policy are said. */
export interface RuleWords {
  /** @param actions their names; empty for a rule about every action */
  readonly forbids: (actions: readonly string[], conditions: RuleConditions) => string
  /** @param who the people of each slot, as `progress.people` says them */
  readonly asks: (actions: readonly string[], who: readonly string[], conditions: RuleConditions) => string
  /** @param anyCommand whether the rule is also about a command that rules cannot see */
  readonly allows: (actions: readonly string[], conditions: RuleConditions, anyCommand: boolean) => string
  readonly facts: Readonly<
    Record<'environment' | 'target' | 'onBehalfOf' | 'agent' | 'action' | 'hour' | 'weekday' | 'date', string>
  >
  /** Names a param; the names of a member and of the param that it is in are joined by dots. */
  readonly param: (name: string) => string
  /** Names the size of a param: its items, or its characters. */
  readonly count: (name: string) => string
  /** A text that a rule names. */
  readonly text: (text: string) => string
  readonly truth: { readonly true: string; readonly false: string }
  /** A list that a value has to equal, without regard to the order. */
  readonly exactly: (items: readonly string[]) => string
  readonly all: (parts: readonly string[]) => string
  readonly any: (parts: readonly string[]) => string
  readonly not: (clause: string) => string
  readonly choice: (condition: string, then: string, otherwise: string) => string
  readonly is: Comparing
  readonly isNot: Comparing
  readonly below: Comparing
  readonly atMost: Comparing
  readonly above: Comparing
  readonly atLeast: Comparing
  readonly oneOf: Choosing
  readonly noneOf: Choosing
  readonly has: Comparing
  readonly hasNot: Comparing
  readonly hasAll: Choosing
  /** A list has at least one of several items. */
  readonly hasAny: Choosing
  /** Every item of a list is one of several. */
  readonly allAmong: Choosing
  readonly like: Comparing
  readonly notLike: Comparing
  readonly given: (value: string) => string
  readonly notGiven: (value: string) => string
  readonly empty: (value: string) => string
  readonly notEmpty: (value: string) => string
}
