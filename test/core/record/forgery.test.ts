import type { Actor, Draft } from '../../../src/core/request/event.ts'
import { digestOf, parseRequestId, sha256 } from '../../../src/core/data/id.ts'
import {
  after,
  bot,
  dba,
  dba2,
  facts,
  needs,
  oid,
  owner,
  policyVersion,
  redemption,
  runner,
  slot,
} from '../../support/build.ts'
import {
  allow,
  click,
  deny,
  type Entry,
  erasing,
  eventsOf,
  forbid,
  forged,
  history,
  late,
  person,
  replayed,
  see,
  system,
  take,
  takeBack,
  tell,
  vote,
  withdraw,
  wrong,
} from './history.ts'

describe('a forged history is refused', () => {
  const short = needs(undefined, { lapse: 60 })
  const asked = history({}).entries
  const approved = history({}, [60, vote()]).entries
  const taken = history({}, [60, vote()], [61, take]).entries
  const behind = history({ judgement: needs([slot('dba')], { via: ['api'] }) }, [60, vote()]).entries
  const done = history({}, [60, vote()], [61, take], [62, tell('succeeded')]).entries
  const shown = history({}, [50, see(1, 2)], [51, see(2, 2)], [60, click()]).entries
  const pair = history({ judgement: needs([slot('dba', 2)]) }, [60, vote()]).entries
  const both = history({ judgement: needs([slot('dba', 2)]) }, [60, vote()], [61, vote({ approver: dba2 })]).entries
  const gone = history({}, [60, deny], [70, erasing(dba)], [80, erasing(dba2)]).entries
  const week = 7 * 86_400
  const request = parseRequestId('01kjw2xm00abcdefghjkmnpqrs-07')
  const entry = (seconds: number, draft: object): Entry => ({ seconds, draft: { request, ...draft } as Draft })
  const rejected = (data: object = {}) => ({
    type: 'refused',
    actor: person,
    data: { act: 'decide', code: 'self-approval', ...data },
  })
  const crowd = Array.from({ length: 21 }, (_, i) =>
    entry(60, { ...rejected(), actor: { kind: 'person', id: oid(200 + i) } }),
  )
  const dataOf = (entries: readonly Entry[], place: number): object => ({ data: {}, ...entries[place]?.draft }).data
  const changed = (entries: readonly Entry[], place: number, change: object): readonly Entry[] =>
    forged(entries, place, { data: { ...dataOf(entries, place), ...change } })
  const moved = (entries: readonly Entry[], ...places: readonly (readonly [number, number])[]): readonly Entry[] =>
    entries.map((one, i) => ({ ...one, seconds: places.find(([place]) => place === i)?.[1] ?? one.seconds }))
  const lapsed = { lapsesAt: after(1000) }
  const output = { output: { sha256: sha256('x'), size: 1 } }
  const unshown = entry(60, {
    ...shown[3]?.draft,
    data: { ...dataOf(shown, 3), view: digestOf('another') },
  })

  test.each<[string, number, readonly Entry[]]>([
    ['on other content than was asked for', 2, changed(approved, 1, { content: sha256('another') })],
    ['on a view, with other content than it shows', 4, changed(shown, 3, { content: sha256('another') })],
    ['by the owner of the agent', 2, changed(approved, 1, { facts: facts(dba, { accounts: [dba, owner] }) })],
    ['on facts about another person', 2, changed(approved, 1, { facts: facts(dba2) })],
    [
      'by the agent as a person',
      2,
      changed(forged(approved, 1, { actor: { kind: 'person', id: bot } }), 1, { facts: facts(bot) }),
    ],
    ['through a door that may not approve it', 2, changed(behind, 1, { via: 'cli' })],
    ['by a stranger', 2, changed(approved, 1, { facts: facts(dba, { groups: ['oncall'] }) })],
    ['by a guest', 2, changed(approved, 1, { facts: facts(dba, { member: false }) })],
    ['by a disabled account', 2, changed(approved, 1, { facts: facts(dba, { enabled: false }) })],
    ['by an agent', 2, forged(approved, 1, { actor: { kind: 'agent', id: dba } })],
    ['by the system', 2, forged(approved, 1, { actor: system })],
    ['twice by the same account', 3, changed(forged(both, 2, { actor: person }), 2, { facts: facts(dba) })],
    ['by one person with two accounts', 3, changed(both, 2, { facts: facts(dba2, { accounts: [dba, dba2] }) })],
    ['without the quorum', 3, [...pair, ...approved.slice(2)]],
    ['by the last vote, and not recorded', 3, [...both.slice(0, 3), entry(62, withdrawn())]],
    [
      'without any vote',
      2,
      [...asked, entry(60, { type: 'approved', actor: person, data: { by: 'quorum', ...lapsed } })],
    ],
    [
      'by a rule where people decide',
      2,
      [
        ...asked,
        entry(0, { type: 'approved', actor: { kind: 'policy' }, data: { by: 'policy', rules: ['r'], ...lapsed } }),
      ],
    ],
    ['by another rule than asked', 2, changed(history({ judgement: allow }).entries, 1, { rules: ['another'] })],
    ['for longer than policy gives', 3, changed(approved, 2, { lapsesAt: after(9000) })],
    ['by a person who did not vote', 3, forged(approved, 2, { actor: { kind: 'person', id: dba2 } })],
    ['later than the last vote', 2, moved(approved, [2, 61])],
    ['without a name', 2, forged(approved, 1, { said: { name: 'D', reason: 'x' } }).slice(0, 2)],
    ['on a view that was not shown', 2, [...asked, unshown]],
    ['on a page of two', 3, [...shown.slice(0, 2), ...shown.slice(3)]],
    [
      'on a view that another person was shown',
      4,
      changed(forged(shown, 3, { actor: { kind: 'person', id: dba2 } }), 3, { facts: facts(dba2) }),
    ],
    ['on another view', 4, changed(shown, 3, { view: digestOf('another') })],
    ['after the deadline', 2, moved(approved, [1, 3600], [2, 3600])],
    ['after a deadline that was moved', 2, changed(approved, 0, { expiresAt: after(59) })],
    ['of a deadline before its beginning', 1, changed(asked, 0, { expiresAt: after(0) })],
  ])('approved %s', (_how, seq, entries) => {
    expect(wrong(() => replayed(eventsOf(entries)))).toContain(`Event ${seq} of shard 07`)
  })

  function withdrawn(): object {
    return { type: 'cancelled', actor: { kind: 'agent', id: bot } }
  }

  test.each<[string, number, readonly Entry[]]>([
    ['denied without a reason', 2, forged(history({}, [60, deny]).entries, 1, { said: { name: 'D' } })],
    ['denied by a vote to approve', 3, [...approved.slice(0, 2), ...history({}, [60, deny]).entries.slice(2)]],
    ['a denial that closes nothing', 2, [...history({}, [60, deny]).entries.slice(0, 2), entry(61, withdrawn())]],
    ['denied by policy where people decide', 2, [...asked, ...history({ judgement: forbid }).entries.slice(1)]],
    ['forbidden, and nothing follows', 1, history({ judgement: forbid }).entries.slice(0, 1)],
    [
      'forbidden, and allowed',
      2,
      [...history({ judgement: forbid }).entries.slice(0, 1), ...history({ judgement: allow }).entries.slice(1)],
    ],
    ['asked for somebody who could decide', 1, changed(asked, 0, { onBehalfOf: dba2 })],
    ['asked without a word that excludes anyone', 1, changed(asked, 0, { excludedByAgent: [owner] })],
    ['asked by a person', 1, forged(asked, 0, { actor: person })],
    ['asked twice', 2, [...asked, ...asked]],
    ['nobody asked', 1, approved.slice(1)],
    ['a page with another view digest', 2, changed(shown, 1, { view: digestOf('another') })],
    ['a page of another content', 2, changed(shown, 1, { content: sha256('another') })],
    ['a page of another template', 2, changed(shown, 1, { template: sha256('another') })],
    ['a page that was shown before', 3, [...shown.slice(0, 2), ...shown.slice(1)]],
    [
      'a page shown after the end',
      4,
      [...history({}, [60, deny]).entries, ...shown.slice(1, 2).map((one) => ({ ...one, seconds: 61 }))],
    ],
    ['a page shown after the deadline', 2, moved(shown.slice(0, 2), [1, 3600])],
    ['redeemed by another executor', 4, forged(taken, 3, { actor: { kind: 'agent', id: runner } })],
    ['redeemed for another action', 4, changed(taken, 3, { digest: digestOf('another') })],
    ['redeemed before it was approved', 2, [...asked, ...taken.slice(3)]],
    ['redeemed after it lapsed', 4, moved(history({ judgement: short }, [60, vote()], [61, take]).entries, [3, 120])],
    ['redeemed twice', 5, [...taken, ...taken.slice(3)]],
    [
      'redeemed twice, differently',
      5,
      [
        ...taken,
        entry(62, { ...taken[3]?.draft, data: { ...dataOf(taken, 3), redemption: redemption.replace('6f', '7f') } }),
      ],
    ],
    ['reported by another agent', 5, forged(done, 4, { actor: { kind: 'agent', id: runner } })],
    ['reported before it was redeemed', 4, [...approved, ...done.slice(4)]],
    ['reported twice', 6, [...done, ...done.slice(4)]],
    ['reported twice, differently', 6, [...done, entry(62, { ...done[4]?.draft, type: 'failed', data: output })]],
    ['reported a day later, as if that were in time', 5, moved(done, [4, 90_000])],
    ['expired too early', 2, [...asked, entry(3599, { type: 'expired', actor: system })]],
    [
      'expired although its deadline was moved',
      2,
      changed(history({}, [3600, late]).entries, 0, { expiresAt: after(3601) }),
    ],
    ['expired by a person', 2, forged(history({}, [3600, late]).entries, 1, { actor: person })],
    ['expired although it was approved', 4, [...approved, entry(3660, { type: 'expired', actor: system })]],
    ['lapsed too early', 4, [...approved, entry(3659, { type: 'lapsed', actor: system })]],
    ['unreported too early', 5, [...taken, entry(86_460, { type: 'unreported', actor: system })]],
    ['undeliverable twice', 3, [...asked, entry(600, undelivered()), entry(601, undelivered())]],
    ['undeliverable after the end', 4, [...approved, entry(600, undelivered())]],
    [
      'cancelled by another agent',
      2,
      forged(history({}, [60, withdraw]).entries, 1, { actor: { kind: 'agent', id: runner } }),
    ],
    ['cancelled after the deadline', 2, moved(history({}, [60, withdraw]).entries, [1, 3600])],
    ['cancelled after it was redeemed', 5, [...taken, entry(62, withdrawn())]],
    [
      'revoked by a stranger',
      4,
      changed(history({}, [60, vote()], [70, takeBack]).entries, 3, { facts: facts(dba, { groups: [] }) }),
    ],
    [
      'revoked on facts about another person',
      4,
      changed(history({}, [60, vote()], [70, takeBack]).entries, 3, { facts: facts(dba2) }),
    ],
    ['revoked before it was approved', 2, [...asked, ...history({}, [60, vote()], [70, takeBack]).entries.slice(3)]],
    ['erased while it is open', 2, [...asked, ...gone.slice(4)]],
    ['asked to be erased while it is open', 2, [...asked, ...gone.slice(3)]],
    ['asked to be erased by the system', 4, forged(gone, 3, { actor: system })],
    ['asked to be erased with accounts of another', 4, changed(gone, 3, { accounts: [dba2] })],
    ['asked to be erased twice', 5, [...gone.slice(0, 4), ...gone.slice(3)]],
    ['erased by the system', 5, forged(gone, 4, { actor: system })],
    ['erased with accounts of another', 5, changed(gone, 4, { accounts: [dba] })],
    ['erased, and nobody asked for it', 4, [...gone.slice(0, 3), ...gone.slice(4)]],
    ['erased by one who asked for it alone', 5, changed(forged(gone, 4, { actor: person }), 4, { accounts: [dba] })],
    ['erased by another account of the one who asked', 5, changed(gone, 4, { accounts: [dba, dba2] })],
    ['erased, and said to be asked for by another', 5, changed(gone, 4, { askedBy: owner })],
    ['erased, and something else was asked for', 5, changed(gone, 4, { names: ['name'] })],
    ['erased seven days after it was asked for', 5, moved(gone, [4, 70 + week], [5, 70 + week])],
    ['erased, of an event of another request', 5, changed(gone, 4, { event: sha256('another') })],
    ['tampered with by the system', 2, [...asked, entry(60, tampered(system))]],
    ['tampered with, about no request, by the system', 1, [entry(61, { ...tampered(system), request: undefined })]],
    ['tampered with, and approved all the same', 3, [...asked, entry(59, tampered(person)), ...approved.slice(1)]],
    ['tampered with before anybody asked', 1, [entry(60, tampered(person))]],
    ['refused twice for the same', 3, [...asked, entry(60, rejected()), entry(61, rejected({ act: 'revoke' }))]],
    ['refused by the system', 2, [...asked, entry(60, { ...rejected(), actor: system })]],
    ['refused before it was asked for', 1, [entry(60, rejected())]],
    ['refused to another agent', 2, [...asked, entry(60, { ...rejected(), actor: { kind: 'agent', id: dba } })]],
    ['refused 21 times', 22, [...asked, ...crowd.slice(0, 21)]],
    ['refused after the deadline, as if that had not passed', 2, [...asked, entry(3600, rejected())]],
    ['a clock that ran backwards', 4, moved(taken, [0, 0], [3, 59])],
    [
      'a vote after the end',
      4,
      [...history({}, [60, deny]).entries, ...approved.slice(1, 2).map((one) => ({ ...one, seconds: 61 }))],
    ],
  ])('%s', (_how, seq, entries) => {
    expect(wrong(() => replayed(eventsOf(entries)))).toContain(`Event ${seq} of shard 07`)
    const carried = [...entries, entry(100_000, withdrawn())]
    expect(wrong(() => replayed(eventsOf(carried), entries.length))).toContain(`Event ${seq} of shard 07`)
  })

  function undelivered(): object {
    return { type: 'undeliverable', actor: system }
  }

  function tampered(actor: Actor): object {
    return { type: 'tampered', actor, data: { from: 1, to: 1, check: 'events' }, said: { why: 'x' } }
  }

  test('although it would be legal without what was forged', () => {
    for (const entries of [asked, approved, behind, taken, done, shown, pair, both, gone])
      expect(replayed(eventsOf(entries)).rows).toHaveLength(1)
    for (const seconds of [70, 69.999 + week])
      expect(replayed(eventsOf(moved(gone, [4, seconds], [5, seconds]))).rows).toHaveLength(1)
  })

  test('but not one of callers who were refused, in any status', () => {
    const ended = history({}, [50, withdraw]).entries
    const redeeming = { act: 'redeem', code: 'grant-invalid' }
    const twice = [entry(70, rejected()), entry(70, rejected({ code: 'blind-view' }))]
    for (const entries of [asked, approved, taken, done, ended])
      expect(
        replayed(eventsOf([...entries, ...twice])).exceptions.filter(({ kind }) => kind === 'refused'),
      ).toMatchObject([
        { actor: dba, detail: 'decide: self-approval' },
        { actor: dba, detail: 'decide: blind-view' },
      ])
    const byAgent = entry(70, { type: 'refused', actor: { kind: 'agent', id: bot }, data: redeeming })
    expect(replayed(eventsOf([...ended, ...crowd.slice(0, 19), byAgent])).rows).toHaveLength(1)
  })

  test('across requests: another policy, and no event says that it changed', () => {
    const weak = digestOf('a weaker policy')
    const to = (version: typeof weak, from?: typeof weak) =>
      entry(50, {
        type: 'policy-changed',
        actor: system,
        data: { ...(from && { from }), to: version },
        request: undefined,
      })
    const other = parseRequestId('01kjw2xm00abcdefghjkmnpqrt-07')
    const second = history({ id: other, at: after(50), policy: weak }).entries.map((one) => ({ ...one, seconds: 50 }))
    expect(wrong(() => replayed(eventsOf([...asked, ...second])))).toContain('Event 2')
    expect(wrong(() => replayed(eventsOf([to(policyVersion), ...second])))).toContain('Event 2')
    expect(wrong(() => replayed(eventsOf([...asked, to(weak, digestOf('x')), ...second])))).toContain('Event 2')
    expect(replayed(eventsOf([...asked, to(weak, policyVersion), ...second])).rows).toHaveLength(2)
    // What is carried was asked for on an earlier day.
    expect(replayed(eventsOf([...asked, to(weak), ...second]), 1).rows).toHaveLength(1)
  })

  test('across requests: time runs backwards in the shard', () => {
    const other = parseRequestId('01kjw2xm00abcdefghjkmnpqrt-07')
    const second = history({ id: other, at: after(50) }).entries
    expect(wrong(() => replayed(eventsOf([...moved(asked, [0, 51]), ...moved(second, [0, 50])])))).toContain('Event 2')
  })
})
