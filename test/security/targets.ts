import type { Row } from './row.ts'

const target = 'test/policy/target.test.ts'

/** A target that is spelled so that rules see another one than the program that acts on it. */
export const targetRows: readonly Row[] = [
  {
    attack: 'The target is spelled so that a rule about it does not match',
    control:
      'Rules compare targets in NFKC and lower case; where they do, dot segments, empty parts and words of several scripts are refused; a rule that no target can match stops the start; the example allows listed targets and one command',
    switches: [
      {
        name: 'folded-target',
        file: 'src/core/action/target.ts',
        find: "target.normalize('NFKC').toLowerCase().normalize('NFKC')",
        replace: 'target',
        tests: { [target]: ['an action whose rules compare targets › %s matches %s'] },
      },
      {
        name: 'target-segments',
        file: 'src/policy/cedar.ts',
        find: 'if (comparesTargets || declared.targets) checkCompared(',
        replace: 'if (false) checkCompared(',
        tests: { [target]: ['an action whose rules compare targets › refuses %s and names the segment'] },
      },
      {
        name: 'target-unreachable',
        file: 'src/policy/rules.ts',
        find: '  if (dead !== undefined)\n',
        replace: '  if (false)\n',
        tests: { [target]: ['a rule that compares what no target is, is refused: %s'] },
      },
      {
        name: 'target-form',
        file: 'src/policy/cedar.ts',
        find: '!declared.targets.matches(target)',
        replace: 'false',
        tests: { [target]: ['a pattern of the schema › refuses targets of another form, and says which'] },
      },
      {
        name: 'example-targets',
        file: 'policy/allow.cedar',
        find: ' && ["web-1", "web-2", "worker-1"].contains(context.target) }',
        replace: ' }',
        tests: {
          'test/policy/judge.test.ts': [
            'no spelling of a target in production is restarted without people: %s',
            'the example policy › %s',
          ],
        },
      },
      {
        name: 'example-command',
        file: 'policy/allow.cedar',
        find: 'context.params["countersign.run"].args == ["restarted"])',
        replace: 'context.params["countersign.run"].args == ["restarted"]) && false',
        tests: { 'test/policy/judge.test.ts': ['the example policy › %s'] },
      },
    ],
  },
]
