import type { Row } from './row.ts'

const limit = 'test/core/request/limit.test.ts'

/** What is too much, or should not be there at all. */
export const floodRows: readonly Row[] = [
  {
    attack: 'A flood tires the approvers, or the service',
    control:
      'Slots per agent and per channel and asks per hour, taken before the commit; what policy answers by itself is counted too; what is pending, or was just denied with whatever params, is not asked again; approvers are warned of what was denied before, to other agents as well; unknown keys are looked up once',
    switches: [
      {
        name: 'slots',
        file: 'src/core/request/limit.ts',
        find: 'others.length === row.slots.length && others.length >= most',
        replace: 'false',
        tests: {
          [limit]: ['taking a slot › is refused when all are taken, with a time to try again'],
          'test/approvals/reservationFlood.test.ts': [
            '1,000 asks of one agent, each with its own key, leave 5 cards',
            '1,000 asks of many agents leave 20 cards in a channel, at most 5 of each agent',
          ],
        },
      },
      {
        name: 'hourly',
        file: 'src/core/request/limit.ts',
        find: '  const first = others.sort().at(-most)\n',
        replace: '  const first = others.sort().at(others.length)\n',
        tests: {
          [limit]: ['asks in an hour › are counted up to the limit, and say when there is room again'],
          'test/approvals/reservationRate.test.ts': [
            'asking and cancelling in a loop › posts no more cards in an hour than the agent may ask for',
          ],
        },
      },
      {
        name: 'asked-twice',
        file: 'src/core/request/limit.ts',
        find: '  if (pending)\n',
        replace: '  if (false)\n',
        tests: {
          [limit]: ['the same action › is not asked for twice at once'],
          'test/approvals/reservation.test.ts': ['the same action › is not asked for while it is pending'],
        },
      },
      {
        name: 'cool-down',
        file: 'src/core/request/limit.ts',
        find: '  if (last)\n',
        replace: '  if (false)\n',
        tests: {
          [limit]: [
            'the same action › is not asked for again right after it was denied',
            'an action that was denied with other params › is refused for ten minutes after the last denial',
          ],
          'test/approvals/reservation.test.ts': [
            'the same action › is not asked for again for ten minutes after it was denied',
          ],
        },
      },
      {
        name: 'spelled-anew',
        file: 'src/core/request/limit.ts',
        find: 'sha256(`${action}\\n${foldedTarget(target)}`)',
        replace: 'sha256(`${action}\\n${target}`)',
        tests: {
          [limit]: [
            'an action that was denied with other params › a denied action is recognised by its verb and target, however it is spelled',
          ],
          'test/approvals/reservationRate.test.ts': [
            'an action that is denied again and again › cannot be asked for with other params or in another spelling for ten minutes',
          ],
        },
      },
      {
        name: 'denied-to-others',
        file: 'src/core/request/limit.ts',
        find: "one.subject === subject && one.agent !== agent) ? ['denied-to-others'] : []",
        replace: 'one.subject === subject && one.agent !== agent) ? [] : []',
        tests: {
          [limit]: ['approvers are warned of what was denied to other agents'],
          'test/approvals/reservationRate.test.ts': [
            'an action that is denied again and again › does not block other targets and agents, whose approvers are warned',
          ],
        },
      },
      {
        name: 'answered',
        file: 'src/approvals/ask.ts',
        find: 'await answeringOf(parts.limits).take(parts, agent)',
        replace: 'async () => undefined',
        tests: {
          'test/approvals/reservationRate.test.ts': [
            'what policy answers without people › is counted by agent and hour: %s',
            'what policy answers without people › is counted to the last one, and 600 if the registration says nothing',
          ],
        },
      },
      {
        name: 'unknown-keys',
        file: 'src/runtime/token.ts',
        find: 'cooldownDuration: cooldown,',
        replace: 'cooldownDuration: 0,',
        tests: {
          'test/http/caller.test.ts': ['a flood of unknown keys asks the key server once'],
          'test/teams/gate.test.ts': ['2,000 tokens with unknown keys fetch the keys once, and do not keep Teams out'],
        },
      },
    ],
  },
  {
    attack: 'A secret is put into the params, the reason or a link, and ends in cards, logs and evidence',
    control:
      'Published formats of keys, names that say secret and the passwords of known tools are refused with the field (a net, no wall); policy lifts names alone; the log holds nothing of a body',
    switches: [
      {
        name: 'secrets',
        file: 'src/approvals/ask.ts',
        find: '  checkSecrets(asked, parts.policy.notSecret(action.action))\n',
        replace: '',
        tests: { 'test/approvals/ask.test.ts': ['asking › is refused with %s, and nothing is written'] },
      },
      {
        name: 'secret-formats',
        file: 'src/core/action/secret.ts',
        find: 'keyFormats.find(({ pattern }) => pattern.test(text))?.name ??',
        replace: '',
        tests: {
          'test/core/action/secret.test.ts': ['a key in a published format › is refused wherever it stands: %s (%#)'],
        },
      },
      {
        name: 'secret-names',
        file: 'src/core/action/secret.ts',
        find: 'if (isSecretName(name) && isSecret(name, text)) return byName',
        replace: '',
        tests: { 'test/core/action/secret.test.ts': ['a value is a secret by its name › %s'] },
      },
      {
        name: 'secret-commands',
        file: 'src/core/action/secretCommand.ts',
        find: 'if (passwordAmong(words) !== null) return true',
        replace: '',
        tests: {
          'test/core/action/secret.test.ts': [
            'what has no name of its own › is found on command lines, in SQL, in scripts and in manifests',
          ],
        },
      },
      {
        name: 'secret-statements',
        file: 'src/core/action/secret.ts',
        find: 'if (value.length >= 4 && !standsFor(value) && !placeholder.test(value))',
        replace: 'if (false)',
        tests: {
          'test/core/action/secret.test.ts': [
            'what has no name of its own › is found on command lines, in SQL, in scripts and in manifests',
          ],
        },
      },
      {
        name: 'secret-encoded',
        file: 'src/core/action/secret.ts',
        find: 'plainFormatIn(text) ?? encodedIn(text)',
        replace: 'plainFormatIn(text)',
        tests: {
          'test/core/action/secret.test.ts': [
            'what has no name of its own › a login to a registry is found as an object and in base64',
          ],
        },
      },
      {
        name: 'secret-exemption',
        file: 'src/core/action/secret.ts',
        find: 'formatIn(text) ?? (excepted.has(shape) ? null : secretIn(text, name))',
        replace: 'excepted.has(shape) ? null : (formatIn(text) ?? secretIn(text, name))',
        tests: {
          'test/core/action/secret.test.ts': ['what the policy excepts › a key in a published format never does: %s'],
        },
      },
      {
        name: 'logged-bodies',
        file: 'src/http/boundary.ts',
        find: '...{ route, status: response.status ?? 200,',
        replace: '...{ route: req.url, status: response.status ?? 200,',
        build: true,
        tests: {
          'test/doors/log.test.ts': [
            'neither the log nor a problem repeats input › every call is one line with known fields only',
          ],
        },
      },
    ],
  },
  {
    attack: 'A package brings in code that nobody looked at',
    control:
      'Exact versions, a lockfile with digests, nothing of a package run by being installed, licences allowed by name, versions with known flaws refused or named with a reason',
    switches: [
      {
        name: 'install-scripts',
        file: 'scripts/ready.mjs',
        find: "'--ignore-scripts'",
        replace: "'--no-fund'",
        tests: {
          'test/supply.test.ts': ['no command that installs packages runs their scripts, in any environment'],
        },
      },
      {
        name: 'known-flaws',
        file: 'scripts/supply.mjs',
        find: 'return mended !== undefined && isOlder(own, mended)',
        replace: 'return mended !== undefined && false',
        tests: { 'test/supply.test.ts': ['a known flaw of %s@%s is found: %s'] },
      },
      {
        name: 'exact-versions',
        file: 'scripts/supply.mjs',
        find: '.filter(([, version]) => !exact.test(version))',
        replace: '.filter(() => false)',
        tests: { 'test/supply.test.ts': ['a fault is found: %s'] },
      },
    ],
  },
]
