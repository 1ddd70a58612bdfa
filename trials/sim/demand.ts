/** An invariant of SECURITY.md that does not hold. */
export class Violated extends Error {
  constructor(invariant: number, what: string) {
    super(`invariant ${invariant}: ${what}`)
    this.name = 'Violated'
  }
}

export function demand(invariant: number, holds: boolean, what: () => string): void {
  if (!holds) throw new Violated(invariant, what())
}
