import type { Fact, Requested } from '../core/request/event.ts'
import type { Words } from './words.ts'

/** Says what an event was, for an auditor. The sentence continues the name of the person or program that caused it. */
export function reportStep(fact: Fact, words: Words): string {
  const { report } = words
  switch (fact.type) {
    case 'requested':
      return report.asked(needsOf(fact.data, words))
    case 'shown':
      return report.shown(fact.data.page, fact.data.pages, fact.data.view)
    case 'decided': {
      const { verdict, via, view, facts } = fact.data
      return report.voted(verdict, via, view, facts.groups)
    }
    case 'approved':
      return report.approved(fact.data.by, fact.data.lapsesAt)
    case 'denied':
      return report.denied(fact.data.by)
    case 'redeemed':
      return report.redeemed(fact.data.redemption)
    case 'succeeded':
    case 'failed':
      return report.reported(fact.type, fact.data?.output)
    case 'unreported':
    case 'expired':
    case 'lapsed':
    case 'cancelled':
    case 'revoked':
    case 'undeliverable':
      return report[fact.type]
    case 'policy-changed':
      return report.policyChanged(fact.data.to)
    case 'key-rotated':
      return report.keyRotated
    case 'erased':
      return report.erased(fact.data.names, fact.data.event)
  }
}

const needsOf = ({ requirement: slots, expiresAt, executor, onBehalfOf }: Requested, { report }: Words): string =>
  report.needs({ slots, expiresAt, executor, onBehalfOf })
