import { commandLine, runIn, shellWord } from '../core/action/run.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Sentence } from '../words/run.ts'
import type { Words } from '../words/words.ts'
import { lineOf, type RunLine } from './textRun.ts'

/** Says what will run, where the request binds it: nothing else of the request is sure to happen. */
export function runOf({ action }: ApprovalRequest, { run }: Words): Sentence | null {
  const bound = action && runIn(action.params)
  return bound && run.willRun(commandLine(bound), shellWord(bound.cwd))
}

/** The same as a line of a card. */
export const runLines = (request: ApprovalRequest, words: Words): readonly RunLine[] => {
  const run = runOf(request, words)
  return run ? [lineOf(run, words)] : []
}
