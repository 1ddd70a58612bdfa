// Lists packages whose licence is not allowed. supply.mjs lists the allowed licences.
import { licenceFaults, readSupply } from './supply.mjs'

const supply = readSupply()
const faults = licenceFaults(supply)
for (const fault of faults) process.stderr.write(`licences: ${fault}\n`)
if (faults.length === 0)
  process.stdout.write(`licences: ${Object.keys(supply.installed).length} packages, all allowed\n`)
process.exitCode = faults.length === 0 ? 0 : 1
