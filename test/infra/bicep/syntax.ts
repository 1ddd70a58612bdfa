/** A file of Bicep as a value. `line` counts from 1. */
export interface Template {
  readonly scope: string | null
  readonly extensions: readonly string[]
  readonly declarations: readonly Declaration[]
}

export type Declaration =
  | ParameterDeclaration
  | VariableDeclaration
  | OutputDeclaration
  | ResourceDeclaration
  | ModuleDeclaration

interface Declared {
  readonly name: string
  readonly line: number
}

export interface ParameterDeclaration extends Declared {
  readonly kind: 'param'
  readonly type: string
  readonly value: Expression | null
  readonly decorators: readonly Call[]
}

interface VariableDeclaration extends Declared {
  readonly kind: 'var'
  readonly value: Expression
}

interface OutputDeclaration extends Declared {
  readonly kind: 'output'
  readonly type: string
  readonly value: Expression
}

export interface ResourceDeclaration extends Declared, Body {
  readonly kind: 'resource'
  /** As written: a nested resource may leave out the version. */
  readonly type: string
  readonly isExisting: boolean
}

export interface ModuleDeclaration extends Declared, Body {
  readonly kind: 'module'
  readonly path: string
}

/** `[for …: if (…) { … }]`, of which each part but the object may be missing. */
export interface Body {
  readonly loop: Omit<Loop, 'body'> | null
  readonly condition: Expression | null
  readonly object: ObjectNode
}

interface At {
  readonly line: number
}

export type Expression =
  | (At & { readonly kind: 'literal'; readonly value: string | number | boolean | null })
  | (At & { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] })
  | (At & { readonly kind: 'name'; readonly name: string })
  | (At & { readonly kind: 'list'; readonly items: readonly Expression[] })
  | (At & { readonly kind: 'member'; readonly of: Expression; readonly name: string; readonly isSafe: boolean })
  | (At & { readonly kind: 'element'; readonly of: Expression; readonly place: Expression; readonly isSafe: boolean })
  | (At & { readonly kind: 'child'; readonly of: Expression; readonly name: string })
  | (At & { readonly kind: 'lambda'; readonly names: readonly string[]; readonly body: Expression })
  | (At & { readonly kind: 'unary'; readonly operator: string; readonly of: Expression })
  | (At & { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression })
  | (At & {
      readonly kind: 'choice'
      readonly condition: Expression
      readonly yes: Expression
      readonly no: Expression
    })
  | Call
  | Loop
  | ObjectNode

export interface Call extends At {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expression[]
}

export interface Loop extends At {
  readonly kind: 'loop'
  readonly item: string
  readonly place: string | null
  readonly over: Expression
  readonly body: Expression
}

export interface ObjectNode extends At {
  readonly kind: 'object'
  readonly members: readonly { readonly key: Expression; readonly value: Expression; readonly line: number }[]
  readonly resources: readonly ResourceDeclaration[]
}

/** What is wrong, and where. */
export interface Flaw {
  readonly file: string
  readonly line: number
  readonly words: string
}

export class SyntaxFlaw extends Error {
  readonly line: number

  constructor(line: number, words: string) {
    super(words)
    this.name = 'SyntaxFlaw'
    this.line = line
  }
}
