import { readFileSync } from 'node:fs'
import type { Member } from '../deployment/member.ts'

/** Milliseconds that a processor has worked for a process; the kernel counts in hundredths of a second. */
export function processorOf(member: Pick<Member, 'pid'> | undefined): number {
  const stat = readFileSync(`/proc/${member?.pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
