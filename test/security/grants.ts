import type { Row } from './row.ts'

const grant = 'test/core/request/grant.test.ts'
const redemption = 'test/core/request/redemption.test.ts'
const gate = 'test/client/gate.test.ts'

/** What becomes of an approval, and of an ask that is sent again. */
export const grantRows: readonly Row[] = [
  {
    attack: 'A grant is stolen, kept, or used twice',
    control: 'Signed, for one executor with its own token, for at most five minutes, redeemed once',
    switches: [
      {
        name: 'grant-signature',
        file: 'src/approvals/signedToken.ts',
        find: 'return key && holds(key, `${head}.${body}`, signature) ? decoded(body) : null',
        replace: 'return decoded(body)',
        tests: {
          'test/approvals/redemption.test.ts': [
            'a grant is refused if it is › %s',
            "a grant is refused if it is › a token that a foreign key signed under the service's key name is not a grant",
          ],
        },
      },
      {
        name: 'grant-text',
        file: 'src/approvals/signedToken.ts',
        find: 'encoded(bytes) === signature &&',
        replace: '',
        tests: { 'test/approvals/redemption.test.ts': ['a grant is refused if it is › %s'] },
      },
      {
        name: 'grant-audience',
        file: 'src/core/request/grant.ts',
        find: "if (claims['aud'] !== caller) throw",
        replace: 'if (false) throw',
        tests: { [grant]: ['a grant is checked › and refused for %s'] },
      },
      {
        name: 'grant-request',
        file: 'src/core/request/grant.ts',
        find: " || claims['jti'] !== request.id)",
        replace: ')',
        tests: {
          [grant]: ['a grant is checked › and refused for %s'],
          'test/approvals/redemption.test.ts': [
            'redeeming › does not take the grant of another request of the same agent',
          ],
        },
      },
      {
        name: 'grant-age',
        file: 'src/core/request/redemption.ts',
        find: 'if (at >= input.grantExpiresAt) throw',
        replace: 'if (false) throw',
        tests: {
          [redemption]: ['redeem › refuses %s'],
          'test/approvals/redemption.test.ts': [
            'redeeming › ends when the grant expires, but a lost answer can be repeated',
          ],
        },
      },
      {
        name: 'grant-life',
        file: 'src/core/request/grant.ts',
        find: 'Math.min(request.grant ?? maxGrantSeconds, maxGrantSeconds)',
        replace: '86_400',
        tests: { [grant]: ['the claims › end after %s'] },
      },
      {
        name: 'asked-redemption-executor',
        file: 'src/core/request/submission.ts',
        find: ' || request.executor !== request.agent.id) return opened',
        replace: ') return opened',
        tests: {
          'test/approvals/redemption.test.ts': ['an ask that redeems › redeems nothing of %s'],
        },
      },
      {
        name: 'redemption-for-executor',
        file: 'src/http/body.ts',
        find: 'more.to.id === executor &&',
        replace: '',
        tests: { 'test/http/body.test.ts': ['the redemption is in the answer to the executor alone'] },
      },
      {
        name: 'asked-redemption-attempt',
        file: 'src/approvals/approvals.ts',
        find: "request.status === 'redeemed' && request.redemption === input.redemption",
        replace: "request.status === 'redeemed'",
        tests: {
          'test/approvals/redemption.test.ts': [
            'an ask that redeems › gives the same answer to the same redemption alone, within the time in which an answer may be lost',
            'an ask that redeems › at the same time in two processes, with two redemptions, lets one of them execute',
          ],
        },
      },
      {
        name: 'executor',
        file: 'src/approvals/approvals.ts',
        find: 'if (request.agent.id !== caller && !mayRedeemForOthers)',
        replace: 'if (false)',
        tests: {
          'test/approvals/redemption.test.ts': [
            'redeeming › is for the executor alone, which needs the right to execute for others',
          ],
        },
      },
      {
        name: 'redeemed-once',
        file: 'src/core/request/redemption.ts',
        find: "if (request.status !== 'approved') throw",
        replace: "if (!('lapsesAt' in request)) throw",
        tests: { [redemption]: ['redeem › cannot claim what is %s'] },
      },
      {
        name: 'redeemed-by-one',
        file: 'src/core/request/redemption.ts',
        find: "if (request.status === 'redeemed') throw new Problem('already-redeemed', 'This approval was already redeemed.')\n  if (request.status !== 'approved') throw",
        replace: "if (!('lapsesAt' in request)) throw",
        tests: {
          [redemption]: ['redeem › refuses %s'],
          'test/approvals/redemption.test.ts': [
            'redeeming › 50 times at once, from three processes, gives one success and one event',
          ],
        },
      },
    ],
  },
  {
    attack: 'An idempotency key is used by another agent, or with another body',
    control: 'Keys are per agent, and kept with the hash of the body',
    switches: [
      {
        name: 'key-of-agent',
        file: 'src/core/data/id.ts',
        find: 'sha256(`${agent}\\n${key}`)',
        replace: 'sha256(key)',
        tests: {
          'test/core/data/id.test.ts': ['an idempotency key is named per agent, and its shard follows from its name'],
          'test/approvals/ask.test.ts': ['an idempotency key › is separate for each agent'],
        },
      },
      {
        name: 'key-of-body',
        file: 'src/approvals/askKey.ts',
        find: 'if (used.body !== key?.body)',
        replace: 'if (false)',
        tests: {
          'test/approvals/ask.test.ts': [
            'an idempotency key › with another body is a mismatch',
            'an idempotency key › used at once with two bodies makes one request, which keeps its slot',
          ],
        },
      },
    ],
  },
  {
    attack: 'An approval outlives the policy: a rule forbids the action by now, or the agent was taken out',
    control:
      'Issuing and redeeming ask the policy in force again; what it forbids is revoked in its name; an agent that is not registered gets nothing',
    switches: [
      {
        name: 'forbidden-redemption',
        file: 'src/approvals/approvals.ts',
        find: 'return forbidden(parts, request, at) ?? step',
        replace: 'return step',
        tests: {
          'test/approvals/standing.test.ts': ['a use that policy forbids by now is not redeemed, and is revoked'],
          'test/approvals/frozenFacts.test.ts': [
            'an approved action that policy forbids afterwards › is not redeemed with an earlier grant, and the approval is revoked',
          ],
        },
      },
      {
        name: 'forbidden-grant',
        file: 'src/approvals/approvals.ts',
        find: 'if (rules.length === 0)',
        replace: 'if (rules)',
        tests: {
          'test/approvals/frozenFacts.test.ts': [
            'an approved action that policy forbids afterwards › gets no grant, and the approval is revoked',
            'an approved action that policy forbids afterwards › is revoked even if a rule had allowed it',
          ],
        },
      },
      {
        name: 'unregistered-agent',
        file: 'src/approvals/objection.ts',
        find: '!policy.agent(agent.id) || !policy.agent(executor)',
        replace: 'false',
        tests: {
          'test/approvals/frozenFacts.test.ts': [
            'an agent that was taken out of the policy › gets no grant and cannot redeem: %s',
          ],
        },
      },
    ],
  },
  {
    attack: 'A host crashes, starts over, changes the params meanwhile, or believes its own history',
    control:
      'The client executes a frozen copy, whose digest it computed itself, once the service answered execute to its own redemption',
    switches: [
      {
        name: 'client-digest',
        file: 'src/client/approval.ts',
        find: 'if (digest !== own)',
        replace: 'if (false)',
        tests: {
          [gate]: ['a gate › runs nothing if the request is for another action'],
          'test/cli/run.test.ts': [
            "a digest other than the command's is never redeemed",
            'an ask that was redeemed %s runs nothing',
          ],
        },
      },
      {
        name: 'client-copy',
        file: 'src/client/asked.ts',
        find: 'return Object.freeze(Array',
        replace: 'if (depth < 64) return value as Json\n      return Object.freeze(Array',
        tests: { [gate]: ['a gate › runs what was approved, whatever its caller does to the params meanwhile'] },
      },
      {
        name: 'client-execute',
        file: 'src/client/approval.ts',
        find: "next === 'execute' && own !== undefined && redemption === own.toLowerCase()",
        replace: "next === 'execute'",
        tests: { [gate]: ['a gate › runs nothing on the word of another redemption'] },
      },
      {
        name: 'client-kept',
        file: 'src/client/execution.ts',
        find: ' && operations.isAnswered(request)',
        replace: '',
        tests: {
          [gate]: [
            'after a crash › the word of a host that it may execute counts for nothing, whatever redemption it kept',
          ],
        },
      },
    ],
  },
  {
    attack: 'An address or a log gets the token of an agent',
    control:
      'The client follows no redirect, and sends only what can be a token, so that no error shows one; words that quote it are dropped',
    switches: [
      {
        name: 'client-redirect',
        file: 'src/client/http.ts',
        find: "redirect: 'manual',",
        replace: "redirect: 'follow',",
        tests: { [gate]: ['a token does not follow a redirect'] },
      },
      {
        name: 'client-token',
        file: 'src/client/connection.ts',
        find: 'if (!isToken(token))',
        replace: 'if (false)',
        tests: { [gate]: ['no error shows › a token that is none'] },
      },
      {
        name: 'client-quote',
        file: 'src/client/token.ts',
        find: 'proof && said.includes(proof)',
        replace: 'proof === said',
        tests: { [gate]: ['no error shows › a token that an issuer quotes'] },
      },
      {
        name: 'client-header',
        file: 'src/client/credentials.ts',
        find: 'return isToken(value) ? value :',
        replace: 'return value.length > 0 ? value :',
        tests: { 'test/client/signIn.test.ts': ['%s is named'] },
      },
    ],
  },
]
