/** What a pipeline is told beside its decision. Everybody who can see its run may read it. */
export interface GateWords {
  readonly approved: string
  /** The approval was used, and not for this pipeline. */
  readonly usedElsewhere: string
  /** The pipeline's ask was refused, so that there is no request. */
  readonly refused: (code: string, sentence: string) => string
  readonly request: (id: string) => string
  readonly reason: (text: string) => string
}
