import { versionOf } from '../../src/core/record/policyVersion.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { policyFiles, rosterText, ruleTexts } from '../../test/support/build.ts'
import { policyTexts } from '../../test/support/policyTexts.ts'

/** The files of the policy in force, with those that only Cedar reads. */
export const wholePolicy: ReadonlyMap<string, string> = new Map([...policyFiles, ...policyTexts(rosterText, ruleTexts)])

export const wholeVersion = versionOf([...wholePolicy].map(([name, text]) => [name, sha256(text)]))
