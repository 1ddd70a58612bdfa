import { byId, element } from './element.ts'
import { filesIn, type GivenPiece, type PieceOf, pieceOf, textPiece, unreadable } from './given.ts'
import { progressWords, shareOf, unbegun } from './progress.ts'
import { isSame } from './samePiece.ts'
import { drawnOutcome, verdictWord } from './outcome.ts'
import { runTask, workersAt } from './run.ts'
import type { WorkOutcome, Progress, Work } from './work.ts'
import { words } from './words.ts'

/**
 * Opens the page: takes files, and lets a worker verify them.
 *
 * @param script the text of this script, which is the worker's too
 */
export function openPage(script: string): void {
  const given: GivenPiece[] = []
  const worker = workersAt(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })))
  let running: Run | null = null

  const take = (pieces: readonly GivenPiece[]): void => {
    const fresh = pieces.filter((piece) => !given.some((one) => isSame(one, piece)))
    given.push(...fresh)
    draw()
    const known = pieces.filter((piece) => !fresh.includes(piece))
    say([words.added(fresh.length), ...known.map(({ name }) => words.alreadyThere(name))].join(' '))
  }
  const takeFiles = async (files: readonly File[]): Promise<void> => take(await Promise.all(files.map(pieceOf)))
  const draw = (): void =>
    drawGiven(given, (piece) => {
      given.splice(given.indexOf(piece), 1)
      draw()
    })
  const end = (outcome: WorkOutcome | null): void => {
    const { work, since } = running ?? {}
    running?.stop()
    running = null
    show(
      work && outcome
        ? drawnOutcome(outcome, { work, given, seconds: (performance.now() - (since ?? 0)) / 1000 })
        : null,
    )
    if (outcome) {
      document.title = words.title(verdictWord(outcome))
      byId('outcome-title', HTMLElement).focus()
    }
    say(outcome ? announced(outcome) : words.cancelled)
  }
  const start = (): void => {
    const lack = lacking(given)
    if (lack !== null) return say(lack)
    if (running) return
    const work = workOf(given)
    running = {
      stop: runTask(worker(), { kind: 'verify', work }, { progress: follow(), end }),
      work,
      since: performance.now(),
    }
    showRunning()
    say(words.started)
  }

  takingFiles(takeFiles, take)
  byId('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    start()
  })
  byId('cancel', HTMLElement).addEventListener('click', () => end(null))
  draw()
}

interface Run {
  readonly work: Work
  /** Milliseconds on the page's clock. */
  readonly since: number
  readonly stop: () => void
}

/** Shows the progress. A screen reader hears each quarter, and not each step. */
function follow(): (progress: Progress) => void {
  let quarter = 0
  return (progress) => {
    showProgress(progress)
    const passed = Math.floor(shareOf(progress) * 4)
    if (passed <= quarter) return
    quarter = passed
    say(words.percent(25 * passed))
  }
}

function workOf(given: readonly GivenPiece[]): Work {
  const text = (id: string): string => byId(id, HTMLInputElement).value.trim()
  return {
    keys: of(given, 'key').map(({ pem }) => pem),
    bundles: of(given, 'bundle').map(({ file }) => file),
    said: of(given, 'said').map(({ file }) => file),
    checkpoints: of(given, 'checkpoint').map(({ name, text }) => ({ name, text })),
    witnesses: of(given, 'witness').map(({ key }) => key),
    cosigned: of(given, 'cosigned').map(({ file }) => file),
    ...{ from: text('from'), through: text('through'), first: text('first') },
    allowUnexplained: byId('allow', HTMLInputElement).checked,
  }
}

const of = <K extends GivenPiece['kind']>(given: readonly GivenPiece[], kind: K): readonly PieceOf<K>[] =>
  given.filter((piece): piece is PieceOf<K> => piece.kind === kind)

/** What is missing before anything can be verified, in words. */
function lacking(given: readonly GivenPiece[]): string | null {
  const [hasKey, hasBundle] = [of(given, 'key').length > 0, of(given, 'bundle').length > 0]
  if (hasKey && hasBundle) return null
  if (hasKey) return words.needsBundle
  return hasBundle ? words.needsKey : words.needsBoth
}

function takingFiles(
  takeFiles: (files: readonly File[]) => Promise<void>,
  take: (pieces: readonly GivenPiece[]) => void,
): void {
  const drop = byId('drop', HTMLElement)
  for (const [button, id] of [
    ['choose', 'files'],
    ['choose-folder', 'folder'],
  ] as const) {
    const input = byId(id, HTMLInputElement)
    byId(button, HTMLElement).addEventListener('click', () => input.click())
    input.addEventListener('change', () => {
      void takeFiles([...(input.files ?? [])]).then(() => {
        // The same file can then be chosen again.
        input.value = ''
        return undefined
      })
    })
  }
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    drop.classList.add('over')
  })
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) drop.classList.remove('over')
  })
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    drop.classList.remove('over')
    if (event.dataTransfer)
      void filesIn(event.dataTransfer.items).then(takeFiles, () => take([unreadable(words.dropped)]))
  })
  document.addEventListener('paste', ({ target, clipboardData }) => {
    if (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || !clipboardData) return
    const text = clipboardData.getData('text/plain')
    if (clipboardData.files.length > 0) void takeFiles([...clipboardData.files])
    else if (text !== '') take([textPiece(words.pastedText, text)])
  })
  const pem = byId('pem', HTMLTextAreaElement)
  byId('use-pem', HTMLElement).addEventListener('click', () => {
    take([textPiece(words.pastedText, pem.value)])
    pem.value = ''
  })
}

/** The kinds of pieces that each list of the page has. */
const lists: Readonly<Record<string, readonly GivenPiece['kind'][]>> = {
  keys: ['key'],
  bundles: ['bundle'],
  said: ['said'],
  kept: ['checkpoint', 'cosigned', 'witness'],
  refused: ['refused'],
}

/** From so many files on, a list scrolls. */
const many = 8

function drawGiven(given: readonly GivenPiece[], remove: (piece: GivenPiece) => void): void {
  for (const [id, kinds] of Object.entries(lists)) {
    const pieces = given.filter(({ kind }) => kinds.includes(kind)).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const list = byId(id, HTMLElement)
    const drawn = pieces.map((piece) => {
      const label = {
        type: 'button',
        class: 'remove',
        'aria-label': words.remove(piece.name),
        title: words.remove(piece.name),
      }
      const button = element('button', { ...label, click: () => remove(piece) }, '×')
      if (piece.kind === 'refused') return element('li', {}, piece.why, button)
      const about = element('span', { class: 'about' }, aboutPiece(piece))
      return element('li', {}, element('span', { class: 'name' }, piece.name, about), button)
    })
    list.replaceChildren(...drawn)
    list.classList.toggle('many', pieces.length > many)
    if (pieces.length > many) list.setAttribute('tabindex', '0')
    else list.removeAttribute('tabindex')
    const slot = list.closest('.slot')
    slot?.classList.toggle('full', pieces.length > 0)
    const need = slot?.querySelector<HTMLElement>('.need')
    if (need) need.textContent = pieces.length > 0 ? words.given(pieces.length) : (need.dataset['need'] ?? '')
  }
  const lack = lacking(given)
  byId('verify', HTMLElement).setAttribute('aria-disabled', String(lack !== null))
  byId('readiness', HTMLElement).textContent = lack ?? words.ready(of(given, 'bundle').length)
}

function aboutPiece(piece: Exclude<GivenPiece, PieceOf<'refused'>>): string {
  if (piece.kind === 'key') return words.thumbprint(piece.thumbprint)
  if (piece.kind === 'witness') return words.witness
  return piece.kind === 'checkpoint' ? words.checkpoints(piece.count) : sizeOf(piece.file.size)
}

function sizeOf(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), words.sizes.length - 1)
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${words.sizes[power]}`
}

function showRunning(): void {
  byId('empty', HTMLElement).hidden = true
  byId('answer', HTMLElement).replaceChildren()
  byId('running', HTMLElement).hidden = false
  showProgress(unbegun)
  byId('cancel', HTMLElement).focus()
}

/** Shows how far the work is. */
function showProgress(progress: Progress): void {
  const { what, how } = progressWords(progress)
  byId('running-what', HTMLElement).textContent = what
  byId('running-how', HTMLElement).textContent = how
  byId('progress', HTMLProgressElement).value = shareOf(progress)
}

function show(answer: HTMLElement | null): void {
  byId('running', HTMLElement).hidden = true
  byId('empty', HTMLElement).hidden = answer !== null
  byId('answer', HTMLElement).replaceChildren(...(answer ? [answer] : []))
}

const announced = (outcome: WorkOutcome): string =>
  outcome.kind === 'verdict'
    ? [
        verdictWord(outcome),
        outcome.verdict.exit === 0 || outcome.verdict.exit === 3 ? '' : (outcome.verdict.lines[0]?.[1] ?? ''),
      ].join('. ')
    : `${verdictWord(outcome)}. ${outcome.words}`

/** Says something to screen readers. */
function say(what: string): void {
  byId('live', HTMLElement).textContent = what
}
