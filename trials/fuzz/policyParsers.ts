import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readRoster } from '../../src/policy/approvers.ts'
import { loadPolicy } from '../../src/policy/load.ts'
import { coded, type Parser } from './parser.ts'

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
