import { ruleListFile } from '../core/policy/ruleList.ts'
import { BadPolicy, type Flaw, sentenceOf } from '../policy/flaw.ts'
import { compiledFile, formatCompiled } from '../policy/compiled.ts'
import { loadPolicy } from '../policy/load.ts'
import { readCards } from '../runtime/folder.ts'
import { agents, entraGroups, users } from './accounts.ts'

/** A policy that may be deployed, or its flaws, each in one sentence with file, line and rule. */
export type CheckedPolicy =
  | {
      readonly version: string
      readonly files: ReadonlyMap<string, Uint8Array>
      /** The file that lies beside the program, by its name. */
      readonly compiled: { readonly name: string; readonly text: string }
    }
  | { readonly flaws: readonly string[]; readonly isExample: boolean }

/** The channels of the example policy, which exist only in the local stack's Teams client. */
const exampleChannels = ['19:approvals@thread.tacv2', '19:compliance@thread.tacv2']

/** Names in the example policy that no tenant has. */
const exampleIds: readonly string[] = [
  ...users.map(({ oid }) => oid),
  ...agents.flatMap(({ oid, appId }) => [oid, appId]),
  ...entraGroups.map(({ oid }) => oid),
  ...exampleChannels,
]

/**
 * Loads a policy as the service does, for a deployment. Refuses one that names people, agents or channels of the
 * example policy: such a deployment has no one who could approve, and asks no channel that exists.
 *
 * @param cards the folder of the card templates, which the policy version covers
 * @param allow whether the example's names are allowed, as for a trial
 */
export async function checkPolicy(folder: string, cards: string, allow: { example: boolean }): Promise<CheckedPolicy> {
  try {
    const policy = await loadPolicy(folder, readCards(cards))
    const files = new Map([...policy.files()].filter(([name]) => !name.startsWith('cards/') && name !== ruleListFile))
    const found = allow.example ? [] : exampleFlaws(files)
    if (found.length > 0) return { flaws: found.map(sentenceOf), isExample: true }
    const compiled = { name: compiledFile, text: formatCompiled(policy.compiled) }
    return { version: policy.version, files, compiled }
  } catch (cause) {
    if (!(cause instanceof BadPolicy)) throw cause
    return { flaws: cause.flaws.map(sentenceOf), isExample: false }
  }
}

/** The first place of each name of the example. */
function exampleFlaws(files: ReadonlyMap<string, Uint8Array>): readonly Flaw[] {
  return [...files].flatMap(([file, bytes]) => {
    const lines = Buffer.from(bytes).toString('utf8').toLowerCase().split('\n')
    return exampleIds.flatMap((id): readonly Flaw[] => {
      const at = lines.findIndex((line) => line.includes(id))
      return at < 0 ? [] : [{ file, line: at + 1, reason: `${id} is of the example policy, and of no tenant` }]
    })
  })
}
