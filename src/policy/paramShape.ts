/** The shape that the schema declares for a value in `params`. */
export type Shape =
  | { readonly type: 'text' | 'integer' | 'boolean' | 'decimal' }
  | { readonly type: 'set'; readonly element: Shape }
  | RecordShape

/** Records are closed: a member that is not declared is refused. */
export interface RecordShape {
  readonly type: 'record'
  readonly members: ReadonlyMap<string, { readonly shape: Shape; readonly required: boolean }>
}
