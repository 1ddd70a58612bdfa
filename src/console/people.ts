import type { PolicyInForce } from '../contract/policyAnswers.ts'
import { words } from './words.ts'

/** The people whom the policy knows by name, by object id, in the order of their names. */
export function peopleIn({ groups, people }: PolicyInForce): readonly (readonly [id: string, name: string])[] {
  const members = groups.flatMap(({ members }) =>
    members.flatMap(({ id, name }) => (name === undefined ? [] : [[id, name] as const])),
  )
  const all = new Map([...Object.entries(people), ...members])
  return [...all].sort(([, a], [, b]) => a.localeCompare(b, words.locale))
}
