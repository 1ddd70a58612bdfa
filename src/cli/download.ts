import { mkdir } from 'node:fs/promises'
import { type Day, parseDay } from '../core/data/day.ts'
import type { JsonObject } from '../core/data/json.ts'
import { downloadPeriod } from './downloadPeriod.ts'
import { checked, Exit, exits, withMore } from './exit.ts'
import { fetchBundle, fetchCosignatures, fetchSaid, type LocalFile } from './fetchedFile.ts'
import { newestDay, wordsOfSealed } from './find/days.ts'
import type { Result } from './result.ts'
import type { Session } from './session.ts'

/** Downloads the bundle of a day, its said file and its cosigned checkpoint; or those of all days of a period. */
export async function download(session: Session, script: string): Promise<Result> {
  const { options } = session
  const isPeriod = (['from', 'to', 'last'] as const).some((option) => options.one(option) !== undefined)
  if (isPeriod) return downloadPeriod(session, { script, folder: await folderIn(session) })
  if (options.one('key') !== undefined)
    throw new Exit(
      exits.usage,
      '--key belongs to --from and --to, or --last: the days of a period are verified as they come.',
    )
  const date = await dayOf(session)
  const folder = await folderIn(session)
  const bundle = await fetchBundle(session, date, folder).catch((cause: unknown) => namingOthers(session, cause))
  const said = await fetchSaid(session, date, folder)
  const cosigned = await fetchCosignatures(session, date, folder)
  const lines = [bundle, said, ...(cosigned ? [cosigned] : [])].flatMap(({ file, sha256, size, same }) => [
    [same ? 'is there already' : 'downloaded', `${file} (${size} bytes)`] as const,
    ['sha256', sha256] as const,
  ])
  const next = `countersign verify ${bundle.file} --key LOG.pem --said ${said.file}${cosigned ? ' --witness KEY' : ''}`
  const files = { bundle: recordOf(bundle), said: recordOf(said), ...(cosigned && { cosigned: recordOf(cosigned) }) }
  return { exit: exits.ok, lines: [...lines, ['next', next]], to: 'stdout', record: { exit: exits.ok, ...files } }
}

/** The folder of `--out`, which is made if it is not there. @throws {Exit} 78 */
async function folderIn({ options }: Session): Promise<string> {
  const folder = options.one('out') ?? '.'
  try {
    await mkdir(folder, { recursive: true })
  } catch {
    throw new Exit(exits.usage, `--out: ${folder} is not a folder and cannot be created.`)
  }
  return folder
}

/** The day of the operand, or the newest one. @throws {Exit} 78, naming the rule, and 77 without the right to list */
async function dayOf({ options, service }: Session): Promise<Day> {
  const [given] = options.about
  if ((given === undefined) === (options.one('latest') === undefined))
    throw new Exit(exits.usage, 'Give DATE, or --latest, or --last, or --from and --to. See countersign help download.')
  if (given !== undefined) return checked(() => parseDay(given))
  return newestDay(service, '--latest')
}

/** Adds to a refusal which days there are. A person who may not list them gets the refusal alone. */
async function namingOthers({ service }: Session, cause: unknown): Promise<never> {
  if (!(cause instanceof Exit) || cause.problem?.['code'] !== 'not-found') throw cause
  const sealed = await wordsOfSealed(service).catch(() => null)
  throw sealed === null ? cause : withMore(cause, `Sealed: ${sealed}.`)
}

const recordOf = (file: LocalFile): JsonObject => ({ ...file })
