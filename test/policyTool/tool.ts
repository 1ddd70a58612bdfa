import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseOptions } from '../../src/cli/options.ts'
import type { Result } from '../../src/cli/result.ts'
import type { Service } from '../../src/cli/service.ts'
import { policy } from '../../src/policyTool/main.ts'
import { root } from '../support/root.ts'

/** What a run of the tool showed, as text. */
export interface Shown extends Result {
  readonly shown: string
  readonly progress: readonly (string | null)[]
}

/** Runs `countersign policy` with these arguments, on a service that lists what is given. */
export async function tool(args: readonly string[], list: Service['list'] = unreached): Promise<Shown> {
  const progress: (string | null)[] = []
  const quiet = () => undefined
  const screen = { say: quiet, warn: quiet, address: quiet, show: quiet, record: quiet }
  const session = {
    options: parseOptions(['policy', ...args]),
    environment: {},
    screen: { ...screen, progress: (line: string | null) => void progress.push(line) },
  }
  const result = await policy(session, () => ({ list }) as Service)
  const shown = result.lines.map(([label, text]) => `${label} ${text as string}`).join('\n')
  return { ...result, shown: `${shown}\n${result.text ?? ''}`, progress }
}

const unreached = () => Promise.reject(new Error('Only a replay calls the service.'))

/** A copy of the example policy with these files changed, for as long as a test runs. */
export async function withPolicy<T>(
  files: Readonly<Record<string, string>>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-draft-'))
  try {
    await cp(join(root, 'policy'), folder, { recursive: true })
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), content)
    }
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}
