import type { Row } from './row.ts'

const file = 'clients/python/countersign.py'
const tests = { 'test/python/client.test.ts': ['the Python client passes %s'] }

/** What keeps an agent in Python from executing what nobody approved, and its secrets from others. */
export const pythonRows: readonly Row[] = [
  {
    attack: 'An agent in Python executes another action than the approved one, or executes one twice',
    control:
      'The client hashes, shows and executes one copy, compares digests, and runs only what the service answered to its ' +
      "own claim. A person's no is not asked again",
    switches: [
      {
        name: 'python-copy',
        file,
        find: 'self.action = {} if action is None else _settled(action)',
        replace: 'self.action = {} if action is None else {"params": {}, **action}',
        tests,
      },
      { name: 'python-digest', file, find: 'if found != self.digest:', replace: 'if False:', tests },
      {
        name: 'python-execute',
        file,
        find: 'return request["next"] == "execute" and self._is_own(request)',
        replace: 'return self._is_own(request)',
        tests,
      },
      {
        name: 'python-redemption',
        file,
        find: 'return request["status"] == "redeemed" and request.get("redemption") == self.redemption',
        replace: 'return request["status"] == "redeemed"',
        tests,
      },
      { name: 'python-kept', file, find: 'elif self._is_own_again():', replace: 'elif False:', tests },
      { name: 'python-key', file, find: ' or part == "" for part in parts', replace: ' for part in parts', tests },
      { name: 'python-no', file, find: ' or code == "cooling-down"', replace: '', tests },
      {
        name: 'python-lazy',
        file,
        find: '        _refuse_unfinished(result)\n    except BaseException as error:',
        replace: '    except BaseException as error:',
        tests,
      },
      {
        name: 'python-abort',
        file,
        find: '            self.is_claimed = True\n            self.abort.check()',
        replace: '            self.is_claimed = True',
        tests,
      },
    ],
  },
  {
    attack: "A server, a proxy or a setting gets hold of an agent's token",
    control:
      'https, or this machine; a token has no other characters; certificates count; errors quote no words of an issuer',
    switches: [
      {
        name: 'python-https',
        file,
        find: 'if parts.scheme != "https" and not (parts.scheme == "http" and _is_local(parts.hostname, direct)):',
        replace: 'if False:',
        tests,
      },
      {
        name: 'python-near',
        file,
        find: 'or (or_near and address.version == 4',
        replace: 'or (address.version == 4',
        tests,
      },
      {
        name: 'python-token',
        file,
        find: '            if not _is_token(token):\n                raise Misconfigured("The function',
        replace: '            if False:\n                raise Misconfigured("The function',
        tests,
      },
      {
        name: 'python-certificate',
        file,
        find: 'self._tls = ssl.create_default_context()',
        replace: 'self._tls = ssl._create_unverified_context()',
        tests,
      },
      {
        name: 'python-words',
        file,
        find: 're.search(r"AADSTS[0-9]+",',
        replace: 're.search(r".+",',
        tests,
      },
    ],
  },
]
