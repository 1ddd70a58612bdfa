import { readFile } from 'node:fs/promises'
import type { OcsfSinkSettings } from '../azure/ocsfSink.ts'
import { sinksSetting } from '../config.ts'
import { BadPolicy } from '../policy/flaw.ts'
import { clouds } from '../runtime/cloud.ts'
import { readSinks } from '../sinksFile.ts'
import { UsageError } from './settings.ts'

/**
 * Reads the sinks of the local stack. Only lines go with it: they need no service but its own storage.
 *
 * @throws {UsageError} naming the setting, or the flaw of the file
 */
export async function localSinks(file: string | undefined): Promise<readonly OcsfSinkSettings[]> {
  if (file === undefined) return []
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new UsageError(`${sinksSetting}: ${file} cannot be read.`, { cause })
  })
  try {
    return readSinks(bytes, clouds.public).map((sink) => {
      if (sink.kind === 'ocsf') return sink
      throw new UsageError(
        `sinks.json: sinks.${sink.name}.kind: the local stack has sinks of the kind ocsf alone, and this is ${sink.kind}.`,
      )
    })
  } catch (cause) {
    if (cause instanceof BadPolicy) throw new UsageError(cause.message, { cause })
    throw cause
  }
}
