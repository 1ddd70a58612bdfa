/** These packages are ES modules only; jest loads CommonJS, so they are transformed like our own files. */
const modulesOnly = ['jose', 'canonicalize', 'oidc-provider', '@seriousme/openapi-schema-validator', '@noble']

const swc = {
  swcrc: false,
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'commonjs' },
}

/** Whole files that only the trial `tests` runs, as test/support/whole.ts leaves out cases of the others. */
const leftOut = process.env.COUNTERSIGN_TESTS === 'whole' ? [] : ['\\.whole\\.test\\.ts$']

export default {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...leftOut],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.local/'],
  // Its only export is for `import`, which jest does not ask for.
  moduleNameMapper: { '^canonicalize$': '<rootDir>/node_modules/canonicalize/lib/canonicalize.js' },
  transform: { '\\.(ts|js|mjs)$': ['@swc/jest', swc] },
  transformIgnorePatterns: [`/node_modules/(?!(${modulesOnly.join('|')})/)`],
  testTimeout: 120_000,
  setupFiles: ['<rootDir>/test/support/quickCedar.ts'],
  globalSetup: '<rootDir>/test/support/lending.ts',
  globalTeardown: '<rootDir>/test/support/lendingEnd.ts',
  testSequencer: '<rootDir>/scripts/sequence.mjs',
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/scripts/tally.mjs'],
}
