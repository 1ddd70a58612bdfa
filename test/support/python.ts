import { spawnSync } from 'node:child_process'

/** The python3 that sees Debian's packages need not be the first on the PATH. Absent where it is not installed. */
export const python = ['python3', '/usr/bin/python3'].find(
  (one) => spawnSync(one, ['-c', 'import cryptography']).status === 0,
)
