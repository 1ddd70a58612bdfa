import { unserved, untold } from '../../src/policy/untold.ts'

const group = (name: string, ...channels: readonly string[]) => ({ name, channels, members: [] })
const policy = (compliance: string | null, ...groups: readonly ReturnType<typeof group>[]) => ({
  groups: () => groups,
  complianceChannel: () => compliance,
})
const teams = '19:a@thread.tacv2'
const slack = 'slack:T0123/C0123'

test('groups without a channel are told of nothing', () => {
  expect(untold(policy(null, group('dba', teams), group('sre')))).toEqual(['sre'])
})

test.each<[string, ReturnType<typeof policy>, readonly string[]]>([
  ['none, where every channel is of Teams', policy(teams, group('dba', teams)), []],
  [
    'Slack once, where two groups have its channels',
    policy(null, group('dba', slack, teams), group('sre', slack)),
    ['slack'],
  ],
  ['Slack, where only compliance has its channel', policy(slack, group('dba', teams)), ['slack']],
])('without Slack, policy has unserved kinds: %s', (_what, given, expected) => {
  expect(unserved(given, ['teams'])).toEqual(expected)
  expect(unserved(given, ['teams', 'slack'])).toEqual([])
})
