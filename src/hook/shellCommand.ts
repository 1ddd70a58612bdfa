/** A program and its arguments, without their quotes. */
export interface ShellCommand {
  readonly words: readonly string[]
  /** Whether a redirection gives it its input. */
  readonly isFed: boolean
}

/** A quoted or escaped part of a word, a redirection, an operator, white space, or a part of a word. */
const part =
  /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|(\d*(?:<<<|<<-?|<|>>|>)&?)|(\|\||&&|[;&|\n()`]|\$\()|([ \t\r]+)|([^'"\\\s|&;<>()`$]+|.)/gsu

/**
 * Reads the commands of a text for a POSIX shell: pipelines of commands. Commands inside of others count as pipelines of
 * their own. Not a whole shell: expansions stay as they are written.
 */
export function commandsIn(text: string): readonly (readonly ShellCommand[])[] {
  const pipelines: (readonly ShellCommand[])[] = []
  let pipeline: ShellCommand[] = []
  let [words, isFed] = [[] as string[], false]
  let word: string | null = null
  /** What the next word is: none of the command's own, if it is the file of a redirection. */
  let isFile = false

  const endWord = () => {
    if (word !== null && !isFile) words.push(word)
    if (word !== null) isFile = false
    word = null
  }
  const endCommand = () => {
    endWord()
    if (words.length > 0) pipeline.push({ words, isFed })
    ;[words, isFed, isFile] = [[], false, false]
  }
  for (const [, single, double, escaped, redirection, operator, space, plain] of text.matchAll(part)) {
    if (redirection !== undefined) {
      // A descriptor in front belongs to the redirection.
      endWord()
      if (/^0?<(?!&)/.test(redirection)) isFed = true
      isFile = true
    } else if (operator !== undefined) {
      endCommand()
      if (operator === '|') continue
      pipelines.push(pipeline)
      pipeline = []
    } else if (space !== undefined) endWord()
    else {
      word = (word ?? '') + (single ?? double?.replaceAll(/\\(.)/gs, '$1') ?? escaped ?? plain ?? '')
      if (double !== undefined) pipelines.push(...substitutedIn(double))
    }
  }
  endCommand()
  return [...pipelines, pipeline]
}

/** A text in double quotes can have commands in it. */
const substitutedIn = (text: string): readonly (readonly ShellCommand[])[] =>
  [...text.matchAll(/\$\(([^)]*)\)?|`([^`]*)`?/g)].flatMap(([, inner, old]) => commandsIn(inner ?? old ?? ''))
