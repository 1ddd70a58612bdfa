import type { Archive, Directory, Ledger, Signer } from './ports.ts'
import type { Waiting } from './waiting.ts'

type Part = 'ok' | 'failing'

export interface HealthReport {
  readonly status: Part
  readonly parts: Readonly<Record<'ledger' | 'archive' | 'signer' | 'directory' | 'deliveries', Part>>
  /** For those who may read evidence. */
  readonly counts?: { readonly overdue: number; readonly waiting: number }
}

export type Health = (counted: boolean) => Promise<HealthReport>

/** Longest that a part may take to answer before it counts as failing. */
const patience = 3000

/** Milliseconds. Anybody may ask, and must not make us ask others as often. */
const remembered = 5_000

/** Asks every part whether it works. Failing are we only if ledger, signer or directory fails. */
export function health(parts: {
  ledger: Ledger
  archive: Archive
  signer: Signer
  directory: Directory
  waiting: Waiting
  isDeliveryFailing: () => boolean
  overdue: () => Promise<number>
}): Health {
  const look = async () =>
    Promise.all([
      answers(parts.ledger.ping()),
      answers(parts.archive.ping()),
      answers(parts.signer.keys()),
      answers(parts.directory.ping()),
    ])
  let last: { readonly since: number; readonly found: ReturnType<typeof look> } | undefined

  return async (counted) => {
    if (last === undefined || performance.now() - last.since > remembered)
      last = { since: performance.now(), found: look() }
    const [ledger, archive, signer, directory] = await last.found
    const status = [ledger, signer, directory].includes('failing') ? 'failing' : 'ok'
    const deliveries = parts.isDeliveryFailing() ? 'failing' : 'ok'
    const report = { status, parts: { ledger, archive, signer, directory, deliveries } } as const
    if (!counted || ledger === 'failing') return report
    return { ...report, counts: { overdue: await parts.overdue(), waiting: parts.waiting.waiters() } }
  }
}

async function answers(part: Promise<unknown>): Promise<Part> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Part>((done) => {
    timer = setTimeout(() => done('failing'), patience)
  })
  const result = part.then((): Part => 'ok').catch((): Part => 'failing')
  return Promise.race([result, late]).finally(() => clearTimeout(timer))
}
