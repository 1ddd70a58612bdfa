import { parseObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Directory } from '../ports/directory.ts'
import type { Policy } from '../ports/policy.ts'

/** People that a group of the directory is taken to have: more than any rule can ask for. */
const many = 60

/**
 * Stands for the directory, which cannot be asked here. Every account that is not an agent's is taken for that of a
 * member of the tenant, and every group of the directory for one with enough members, so that a shortage is found only
 * where `approvers.json` itself has too few people.
 */
export function assumedDirectory(policy: Policy, asOf: Instant): Directory {
  return {
    person: async (id) => (policy.agent(id) ? null : { name: id, member: true, enabled: true, asOf }),
    members: async (group) =>
      Array.from({ length: many }, (_, i) =>
        // Differs from real ids in the version, which Entra does not use.
        parseObjectId(`${group.slice(0, 14)}0${group.slice(15, 32)}${i.toString(16).padStart(4, '0')}`),
      ),
    ping: async () => undefined,
  }
}
