/** `warning`: it works, and an operator should know or decide something. `unknown`: it could not be examined. */
export type PartState = 'ok' | 'warning' | 'wrong' | 'unknown'

/** The parts of a deployment, in the order of the report. */
export const partNames = [
  ...(['address', 'start', 'settings', 'ledger', 'archive', 'immutability', 'witness', 'cosignatures'] as const),
  ...([
    'signer',
    'directory',
    'seal',
    'evidence',
    'backup',
    'deliveries',
    'sinks',
    'clock',
    'api',
    'bot',
    'slack',
  ] as const),
  ...(['pipelines', 'people'] as const),
] as const

export type PartName = (typeof partNames)[number]

/** The finding about one part, and what to do about it. */
export interface Diagnosis {
  readonly part: PartName
  readonly state: PartState
  readonly says: string
  readonly remedy?: string
}

export const well = (part: PartName, says: string): Diagnosis => ({ part, state: 'ok', says })

export const warns = (part: PartName, says: string, remedy: string): Diagnosis => ({
  ...{ part, state: 'warning', says, remedy },
})

export const wrong = (part: PartName, says: string, remedy: string): Diagnosis => ({
  ...{ part, state: 'wrong', says, remedy },
})

export const unknown = (part: PartName, says: string, remedy: string): Diagnosis => ({
  ...{ part, state: 'unknown', says, remedy },
})

/** The address of a section of the runbook. */
export const runbook = (heading: string): string => `docs/operate/runbook.md#${heading}`
