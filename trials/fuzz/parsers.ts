import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { csvLine } from '../../src/core/data/csv.ts'
import { isArray, readJson } from '../../src/core/data/json.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { rangeOf } from '../../src/http/range.ts'
import { formatTraceparent, parseTraceparent, traceFrom } from '../../src/runtime/trace.ts'
import { ofEvidence } from './evidenceParsers.ts'
import { coded, type Parser, type Parsers } from './parser.ts'
import { ofPolicy } from './policyParsers.ts'
import { ofRequests, ofTeams } from './requestParsers.ts'
import { ofTokens } from './tokenParsers.ts'

/** Lists all parsers, and sets up what they need. */
export async function parsers(): Promise<Parsers> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-fuzz-'))
  const evidence = await ofEvidence(folder)
  const tokens = await ofTokens()
  return {
    all: [
      ...(await ofRequests()),
      ...ofTeams(),
      ...tokens.all,
      ...evidence.all,
      ...(await ofPolicy(folder)),
      ...ofHeaders,
    ],
    async close() {
      await tokens.close()
      await evidence.close()
      await rm(folder, { recursive: true })
    },
  }
}

const ofHeaders: readonly Parser[] = [
  {
    name: 'traceparent',
    samples: [Buffer.from(`00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`)],
    async read(bytes) {
      const text = bytes.toString('latin1')
      if (parseTraceparent(formatTraceparent(traceFrom(text))) === null) throw new Error('The trace does not go on.')
      return parseTraceparent(text) === null ? 'ignored' : 'taken'
    },
  },
  {
    name: 'Range',
    samples: [Buffer.from('bytes=0-99'), Buffer.from('bytes=-5')],
    async read(bytes) {
      const part = rangeOf(bytes.toString('latin1'), 1000)
      if (part === 'unsatisfiable') return part
      if (part && (part.from < 0 || part.size < 1 || part.from + part.size > 1000)) throw new Error('outside')
      return part ? 'taken' : 'ignored'
    },
  },
  {
    name: 'cells of CSV',
    samples: [Buffer.from('["a","b,c","d\\"e","1\\r\\n2"]'), Buffer.from('["=1+1","@x","-1"]')],
    json: true,
    read: (bytes) =>
      coded(async () => {
        const value = readJson(bytes)
        if (!isArray(value)) throw new Problem('invalid-input', 'No list.')
        const cells = value.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
        const read = cellsIn(csvLine(cells))
        if (cells.length > 0 && read.length !== cells.length) throw new Error('Cells were lost.')
        for (const [i, cell] of cells.entries()) {
          if (read[i] !== cell && read[i] !== `'${cell}`) throw new Error('A cell is another.')
          if (/^[=+\-@\t\r]/.test(read[i] ?? '')) throw new Error('A cell is a formula.')
        }
      }),
  },
]

/** Reads a line as RFC 4180 says, independently of the code that writes it. */
function cellsIn(line: string): readonly string[] {
  const cells: string[] = []
  const form = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n$)/gy
  for (let match = form.exec(line); match; match = form.exec(line)) {
    cells.push((match[1] ?? match[2] ?? '').replaceAll('""', '"'))
    if (match[3] !== ',') break
  }
  return cells
}
