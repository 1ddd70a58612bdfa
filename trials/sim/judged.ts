import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Broken } from '../../src/core/data/broken.ts'
import { spkiOf } from '../../src/core/log/signature.ts'
import { readRecord } from '../../src/core/record/record.ts'
import { replay } from '../../src/core/record/replay.ts'
import { PolicyCheck } from '../../src/verify/policyCheck.ts'
import { verifySeries } from '../../src/verify/series.ts'
import { demand, Violated } from './demand.ts'
import type { Stored } from './events.ts'
import { policyInBundles } from './roster.ts'
import type { World } from './world.ts'

/** Judges every event as an auditor's verifier does, by the rules and by policy: what happened is never refused. */
export function checkJudged(all: readonly Stored[], reached: World['reached']): void {
  const policy = new PolicyCheck([policyInBundles])
  try {
    for (const shard of new Set(all.map((one) => one.shard))) {
      const rules = replay()
      policy.begin({})
      for (const [index, { text }] of all.filter((one) => one.shard === shard).entries()) {
        const event = readRecord(text)
        rules.take(event, index)
        const life = event.request === undefined ? undefined : rules.life(event.request)
        policy.take(event, life, { member: shard, index })
        if (event.type === 'requested' && event.data.warnings.includes('approver-excluded')) reached('warned')
      }
      rules.rows()
    }
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    throw new Violated(7, `an auditor would refuse what happened: ${cause.message}`)
  }
  if (policy.judged().asks > 0) reached('judged anew')
}

/** Verifies the bundles as an auditor does who has the whole series. */
export async function checkVerified({ stores: { archive }, keys, spool, reached }: World): Promise<void> {
  const folder = mkdtempSync(join(spool, 'bundles-'))
  try {
    for (const { name } of await archive.list('bundles/')) {
      const date = name.slice('bundles/'.length)
      writeFileSync(join(folder, `countersign-evidence-${date}`), (await archive.read(name)) ?? '')
    }
    const log = (await keys.log.keys()).map(spkiOf)
    const { problem, bundles } = await verifySeries(folder, { keys: log })
    demand(7, problem === undefined, () => `the bundles do not verify: ${problem?.file}: ${problem?.words}`)
    reached(bundles.length > 0 ? 'verified series' : 'no bundle')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
