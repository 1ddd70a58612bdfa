import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readRoster } from '../../src/policy/approvers.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { clouds } from '../../src/runtime/cloud.ts'
import { readSinks } from '../../src/sinksFile.ts'
import { coded, type Parser } from './parser.ts'

/** A sink of each kind. */
const sinks = {
  version: 1,
  sinks: {
    siem: {
      kind: 'webhook',
      url: 'https://hooks.contoso.example/countersign',
      secret: 'https://contoso.vault.azure.net/secrets/hook-siem',
      ...{ rawData: false, deliverAnyway: true },
    },
    sentinel: {
      kind: 'sentinel',
      endpoint: 'https://countersign-abcd.westeurope-1.ingest.monitor.azure.com',
      rule: `dcr-${'0a'.repeat(16)}`,
      stream: 'Custom-Countersign',
    },
    lines: { kind: 'ocsf', rawData: true },
  },
}

export async function ofPolicy(folder: string): Promise<readonly Parser[]> {
  const cedar = ['forbid.cedar', 'approve.cedar', 'allow.cedar', 'schema.cedarschema']
  const names = [...cedar, 'approvers.json', 'presentation.json']
  const files = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join('policy', name))] as const)),
  )
  const place = await mkdtemp(join(folder, 'policy-'))
  for (const [name, bytes] of files) await writeFile(join(place, name), bytes)
  const roster = files.get('approvers.json') ?? Buffer.alloc(0)
  return [
    {
      ...{ name: 'approvers.json', json: true, samples: [roster] },
      read: async (bytes) => coded(async () => void readRoster(bytes, bytes.toString('utf8'))),
    },
    {
      ...{ name: 'sinks.json', json: true, samples: [Buffer.from(JSON.stringify(sinks))] },
      read: async (bytes) => coded(async () => void readSinks(bytes, clouds.public)),
    },
    ...[...files].map(
      ([name, bytes]): Parser => ({
        ...{ name: `policy: ${name}`, samples: [bytes], share: 0.3, most: 5_000 },
        async read(changed) {
          await writeFile(join(place, name), changed)
          try {
            return await coded(async () => void (await loadPolicy(place, new Map())))
          } finally {
            await writeFile(join(place, name), bytes)
          }
        },
      }),
    ),
  ]
}
