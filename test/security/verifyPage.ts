import type { Row } from './row.ts'

const page = 'test/console/verifyPage.test.ts'
const isolated = 'neither the page nor its worker can reach the network, or run another script'

/** The page that verifies evidence in a browser. */
export const verifyPageRows: readonly Row[] = [
  {
    attack:
      'A hostile bundle, or a package in the page that verifies it, sends evidence elsewhere from the auditor’s browser',
    control:
      'The page’s own Content-Security-Policy refuses every request, also of the worker, and every script but its own; names and texts become text nodes',
    switches: [
      {
        name: 'page-without-network',
        file: 'scripts/verifyPage.mjs',
        find: '"default-src \'none\'"',
        replace: '"default-src * data:"',
        build: true,
        tests: { [page]: [isolated] },
      },
      {
        name: 'page-scripts',
        file: 'scripts/verifyPage.mjs',
        find: '"require-trusted-types-for \'script\'",',
        replace: '',
        build: true,
        tests: { [page]: [isolated] },
      },
    ],
  },
]
