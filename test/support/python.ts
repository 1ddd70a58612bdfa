import { spawnSync } from 'node:child_process'

/**
 * A Python that has `cryptography`; absent where none has. Debian's comes first: it is the one that sees Debian's
 * packages, and the first of the PATH may be a version manager's script, which takes ten times as long to start.
 */
export const python = ['/usr/bin/python3', 'python3'].find(
  (one) => spawnSync(one, ['-c', 'import cryptography']).status === 0,
)
