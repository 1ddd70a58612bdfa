import type { Row } from './row.ts'

const matrix = 'test/evidence/matrix.test.ts'
const python = 'verify.py %s'
const shell = 'verify.sh with bash'

/** The scripts that are in every bundle. */
export const scriptRows: readonly Row[] = [
  {
    attack: 'A changed bundle passes one verifier that another would refuse',
    control:
      'Within what they look at, the scripts in a bundle take and refuse what `countersign verify` does, as a table of changed bundles says; they name what they do not look at',
    switches: [
      {
        name: 'script-one-key',
        file: 'evidence/verify.py',
        find: "if body and pem.count(b'-----BEGIN') == 1 else None",
        replace: 'if body else None',
        tests: { [matrix]: [python] },
      },
      {
        name: 'script-note-grammar',
        file: 'evidence/verify.py',
        find: "need(dash == '—' and is_name(who) and data and len(data) > 4, form)",
        replace: 'if not data: continue',
        tests: { [matrix]: [python] },
      },
      {
        name: 'script-empty-folder',
        file: 'evidence/verify.py',
        find: 'need(name in folders if stat.S_ISDIR(mode)',
        replace: 'need(True if stat.S_ISDIR(mode)',
        tests: { [matrix]: [python] },
      },
      {
        name: 'script-both-keys-sign',
        file: 'evidence/verify.py',
        find: "('checkpoint', new, keys):",
        replace: "('checkpoint', new, keys[:1]):",
        tests: { [matrix]: [python] },
      },
      {
        name: 'shell-one-key',
        file: 'evidence/verify.sh',
        find: 'and (split("-----BEGIN") | length == 2)',
        replace: '',
        tests: { [matrix]: [shell] },
      },
      {
        name: 'shell-folder',
        file: 'evidence/verify.sh',
        find: 'cmp -s "$tmp/paths" "$tmp/found" || fail',
        replace: 'true || fail',
        tests: { [matrix]: [shell] },
      },
      {
        name: 'shell-digests',
        file: 'evidence/verify.sh',
        find: 'cmp -s "$tmp/sums" "$tmp/found" || fail',
        replace: 'true || fail',
        tests: { [matrix]: [shell] },
      },
      {
        name: 'shell-growth',
        file: 'evidence/verify.sh',
        find: 'consistent $proof || fail',
        replace: 'true || fail',
        tests: { [matrix]: [shell] },
      },
    ],
  },
]
