import { visible } from '../core/data/text.ts'
import { type Diagnosis, type PartName, runbook, unknown, warns, well, wrong } from './diagnosis.ts'
import { documentIn, probe } from './probe.ts'
import { cosignaturesFrom } from './witnesses.ts'

type Report = Readonly<Record<string, unknown>>

export interface HealthLook {
  readonly found: readonly Diagnosis[]
  /** Whether the storage protects files, if the caller may see it. */
  readonly immutable?: boolean
}

interface Words {
  readonly ok: string
  readonly failing: string
  readonly remedy: string
}

const backup = (heading: string): string => `docs/operate/backup.md#${heading}`

/** Each part of health: what it means, and what to do. */
const parts: Partial<Record<PartName, Words>> = {
  ledger: {
    ok: 'the tables answer, and the ledger key can be read',
    failing: 'the tables do not answer, or the ledger key cannot be read, so nothing can be asked or decided',
    remedy: [
      'Give the identity of the app Storage Table Data Contributor on the evidence account, and Key Vault Secrets User on',
      `the ledger key. ${runbook('a-part-is-failing')}`,
    ].join(' '),
  },
  archive: {
    ok: 'the blobs answer',
    failing: 'the blobs do not answer, so no day can be sealed',
    remedy: `Give the identity of the app Storage Blob Data Contributor on the evidence account. ${runbook('a-part-is-failing')}`,
  },
  witness: {
    ok: 'the archive says how far the chains go',
    failing: 'events of the last quarter of an hour are in no file of the archive',
    remedy: `Look for lines with timer "sweep" in the log. ${runbook('witness-failing')}`,
  },
  signer: {
    ok: 'the key for grants answers',
    failing: 'the key for grants cannot be used',
    remedy: `Give the identity of the app Key Vault Crypto User on the vault. ${runbook('a-part-is-failing')}`,
  },
  directory: {
    ok: 'Microsoft Graph answers',
    failing: 'Microsoft Graph does not answer',
    remedy: [
      'Give the identity of the app User.Read.All, GroupMember.Read.All and Member.Read.Hidden of Microsoft Graph.',
      `A token keeps the old permissions for up to 24 hours. ${runbook('a-part-is-failing')}`,
    ].join(' '),
  },
  seal: {
    ok: 'days are sealed in time',
    failing: 'no day was sealed for more than 26 hours',
    remedy: `Look for lines with timer "seal" in the log. ${runbook('seal-failing')}`,
  },
  backup: {
    ok: 'snapshots are made in time',
    failing: 'the newest snapshot is older than 26 hours',
    remedy: `Look for lines with timer "seal" in the log. ${runbook('backup-failing')}`,
  },
  deliveries: {
    ok: 'cards and files get through',
    failing: 'a card, or the file of an ended request, did not get through in the last two hours',
    remedy: `Check that the bot is in each channel of approvers.json. ${runbook('cards-do-not-appear')}`,
  },
  sinks: {
    ok: 'every sink takes events',
    failing: 'a sink of sinks.json takes no events',
    remedy: `A token with Evidence.Read shows which, and why, in /api/health. ${runbook('a-sink-takes-no-events')}`,
  },
}

/** Asks the service for its own view of its parts. @param token of a person with Evidence.Read, for details */
export async function askHealth(url: string, token: string | undefined, version: string): Promise<HealthLook> {
  const before = Date.now()
  const reply = await probe(`${url}/api/health`, token === undefined ? {} : { token })
  const after = Date.now()
  const report = 'fault' in reply ? null : documentIn(reply)
  const states = report?.['parts'] as Report | undefined
  if (report === null || typeof states !== 'object' || states === null) {
    const says = 'fault' in reply ? reply.fault : `/api/health answers ${reply.status}, and no report`
    return { found: [wrong('start', says, `Look into the log. ${runbook('a-part-is-failing')}`)] }
  }
  const { immutable } = report
  return {
    found: [
      ...startFrom(report, states),
      ...Object.entries(parts).map(([part, words]) => partFrom(part as PartName, words, states[part])),
      cosignaturesFrom(states['cosignatures'], report),
      evidenceFrom(report, states, token !== undefined),
      clockFrom(report['now'], before, after),
      peopleFrom(report['people']),
      ...versionFrom(report['version'], version),
    ],
    ...(typeof immutable === 'boolean' && { immutable }),
  }
}

/** Why a service is not ready although each part answers: a ledger that is another deployment's, for example. */
function startFrom({ status }: Report, { ledger, archive, signer, directory }: Report): readonly Diagnosis[] {
  if (status !== 'failing' || [ledger, archive, signer, directory].some((state) => state !== 'ok')) return []
  const remedy = `Look for lines with "start" in the log; if there are none, it is starting. ${runbook('the-service-does-not-start')}`
  return [wrong('start', 'the service could not begin yet, so every call fails', remedy)]
}

function partFrom(part: PartName, { ok, failing, remedy }: Words, state: unknown): Diagnosis {
  if (state === 'ok') return well(part, ok)
  if (state === 'failing') return wrong(part, failing, remedy)
  if (state === 'evidence-broken')
    return wrong(part, 'what is stored does not hold, and no day is sealed', runbook('evidence-broken'))
  if (state === 'read-only')
    return wrong(
      part,
      'the ledger was restored and lacks events, or their texts: it can only be read',
      backup('what-is-lost'),
    )
  if (state === 'off' && part === 'sinks') return well(part, 'there are no sinks: no other system is told of events')
  if (state === 'off')
    return warns(part, 'no snapshots are made: with the tables, open requests would be lost', backup('setting-it-up'))
  return unknown(part, 'this version of the service does not tell', 'Use the doctor of the version that is deployed.')
}

/** Stored rows that are not as the service wrote them, by name if the caller may see it. */
function evidenceFrom(report: Report, states: Report, isSigned: boolean): Diagnosis {
  const rows = Array.isArray(report['broken']) ? (report['broken'] as readonly Report[]) : []
  if (states['evidence'] !== 'ok') {
    const named = rows.map(({ shard, row, check }) => visible(`${String(shard)}/${String(row)} (${String(check)})`))
    const says =
      rows.length > 0 ? `broken rows: ${named.slice(0, 20).join(', ')}` : 'a row is not as the service wrote it'
    const more = rows.length > 0 ? '' : ' Set COUNTERSIGN_TOKEN to a token with Evidence.Read, and the rows are named.'
    return wrong('evidence', says, `Keep everything as it is: ${runbook('evidence-broken')}${more}`)
  }
  if (!isSigned || 'counts' in report) return well('evidence', 'this process met no broken row')
  return warns(
    'evidence',
    'this process met no broken row; the token was not accepted',
    'COUNTERSIGN_TOKEN is a token of a person with Evidence.Read, got through an application of COUNTERSIGN_CLIENTS.',
  )
}

/** Seconds. With a larger difference from the storage's clock the service commits nothing (see `Ledger.commit`). */
const tolerated = 30
const noticed = 5

function clockFrom(now: unknown, before: number, after: number): Diagnosis {
  const theirs = typeof now === 'string' ? Date.parse(now) : Number.NaN
  if (Number.isNaN(theirs))
    return unknown(
      'clock',
      'this version of the service does not tell',
      'Use the doctor of the version that is deployed.',
    )
  // The clock was read at some moment of the call.
  const apart = (theirs < before ? theirs - before : Math.max(0, theirs - after)) / 1000
  const words = `the clock of the service is ${Math.abs(apart).toFixed(1)} s ${apart < 0 ? 'behind' : 'ahead of'} this machine's`
  const remedy = `Compare this machine's clock first. ${runbook('the-clock-is-wrong')}`
  if (Math.abs(apart) > tolerated) return wrong('clock', words, remedy)
  return Math.abs(apart) > noticed ? warns('clock', words, remedy) : well('clock', 'it agrees with this machine')
}

function peopleFrom(people: unknown): Diagnosis {
  if (people === 'admitted') return well('people', 'people are admitted over HTTP')
  if (people === 'refused')
    return warns(
      'people',
      'COUNTERSIGN_CLIENTS is missing: people are refused over HTTP, and decide in Teams alone',
      `Name the application of the countersign command in it. ${runbook('people-are-refused-over-http')}`,
    )
  return unknown(
    'people',
    'this version of the service does not tell',
    'Use the doctor of the version that is deployed.',
  )
}

/** No finding if both have the same version. */
function versionFrom(theirs: unknown, ours: string): readonly Diagnosis[] {
  if (theirs === ours) return []
  const known = typeof theirs === 'string' ? visible(theirs.slice(0, 40)) : 'an older one'
  return [
    warns(
      'start',
      `the service is version ${known}, the doctor is of ${ours}`,
      'Use the doctor of the version that is deployed.',
    ),
  ]
}
