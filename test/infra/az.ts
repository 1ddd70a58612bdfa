import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AzMemory, answerAz } from './azAnswers.ts'

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

/**
 * The program asks this process, which takes a tenth of the time that a Node of its own takes to start. It sends the
 * number of its arguments, its id, what it was told of log files, and its arguments, each with a NUL behind it. It reads
 * its exit code and what it prints.
 */
const program = `#!/bin/bash
exec 3<>"/dev/tcp/127.0.0.1/$AZ_DOUBLE" || exit 70
printf '%s\\0' "$#" "$$" "\${AZURE_LOGGING_ENABLE_LOG_FILE-}" "$@" >&3
read -r code <&3 && IFS= read -r -d '' text <&3
if [ "$code" = 0 ]; then printf '%s' "$text"; else printf '%s' "$text" >&2; fi
exit "$code"
`

export async function makeAz(): Promise<AzDouble> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-az-'))
  const temporary = mkdtempSync(join(tmpdir(), 'countersign-tmp-'))
  writeFileSync(join(folder, 'az'), program, { mode: 0o755 })
  const memory: AzMemory = { state: empty, calls: [] }
  const server = createServer((socket) => {
    let heard = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
      const [count = '', pid, logs, ...args] = heard.split('\0').slice(0, -1)
      if (args.length !== Number(count)) return
      const end = answerAz(memory, { pid: Number(pid), logsBodies: logs !== 'no', args })
      if (end) socket.end(`${end.code}\n${end.text}\0`)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    env: { PATH: `${folder}:${process.env['PATH']}`, AZ_DOUBLE: String(port), TMPDIR: temporary, HOME: temporary },
    temporary,
    knows(more) {
      memory.state = { ...empty, ...more }
      memory.calls = []
    },
    state: () => memory.state,
    calls: () => memory.calls,
    end() {
      server.close()
      for (const made of [folder, temporary]) rmSync(made, { recursive: true, force: true })
    },
  }
}
