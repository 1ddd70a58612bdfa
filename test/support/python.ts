import { spawnSync } from 'node:child_process'

/**
 * Debian's own python3, which sees Debian's packages; absent if it is not installed. Another may be first on the PATH.
 */
export const python = ['python3', '/usr/bin/python3'].find(
  (one) => spawnSync(one, ['-c', 'import cryptography']).status === 0,
)
