import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'

/** What the double of `az` knows of Azure. Resource ids are as Azure Resource Manager writes them. */
export interface AzState {
  readonly signedOut?: boolean
  readonly resources: readonly { readonly type: string; readonly name: string; readonly id: string }[]
  readonly assignments: readonly {
    readonly id: string
    readonly properties: {
      readonly scope: string
      readonly principalId: string
      readonly principalType: string
      readonly roleDefinitionId: string
    }
  }[]
  /** The values of each secret, oldest version first. */
  readonly secrets: Readonly<Record<string, readonly string[]>>
  readonly deleted: readonly string[]
  readonly disabled: readonly string[]
  /** Answers to other calls of `az rest`, by method and path. */
  readonly documents: Readonly<Record<string, unknown>>
  readonly faults: readonly AzFaultTold[]
}

/** A call that fails. `call` is a pattern of its method and address; `after`: it is carried out, and the answer is lost. */
export interface AzFaultTold {
  readonly call: string
  readonly reason?: string
  readonly code?: string
  /** `{{body}}` stands for what was sent. */
  readonly message?: string
  /** What the program prints instead. */
  readonly says?: string
  readonly times?: number
  readonly after?: boolean
  readonly hangs?: boolean
}

export interface AzCall {
  readonly pid: number
  readonly name: string
  readonly args: readonly string[]
  /** Whether the CLI could write bodies into its log file. */
  readonly logsBodies: boolean
  /** The file that the body was in, and its mode and that of its folder. */
  readonly file?: { readonly path: string; readonly mode: string; readonly folder: string }
}

/** A program called `az` in a folder for the PATH. */
export interface AzDouble {
  /** Variables for the program under test. */
  readonly env: Readonly<Record<string, string>>
  /** The folder for temporary files of the program under test. */
  readonly temporary: string
  knows(state: Partial<AzState>): void
  state(): AzState
  calls(): readonly AzCall[]
  end(): void
}

const empty: AzState = {
  ...{ resources: [], assignments: [], secrets: {}, deleted: [], disabled: [], documents: {}, faults: [] },
}

export function makeAz(): AzDouble {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-az-'))
  const temporary = mkdtempSync(join(tmpdir(), 'countersign-tmp-'))
  const program = join(folder, 'az')
  buildSync({
    entryPoints: [join(__dirname, 'azProgram.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    banner: { js: `#!${process.execPath}` },
  })
  chmodSync(program, 0o755)
  const [state, log] = [join(folder, 'state.json'), join(folder, 'calls.jsonl')]
  return {
    env: { PATH: `${folder}:${process.env['PATH']}`, AZ_DOUBLE: folder, TMPDIR: temporary, HOME: temporary },
    temporary,
    knows(more) {
      rmSync(log, { force: true })
      writeFileSync(state, JSON.stringify({ ...empty, ...more }))
    },
    state: () => JSON.parse(readFileSync(state, 'utf8')) as AzState,
    calls: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as AzCall)
        : [],
    end() {
      for (const made of [folder, temporary]) rmSync(made, { recursive: true, force: true })
    },
  }
}
