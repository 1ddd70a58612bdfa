/** Cedar, as its package has it. */
type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs')

/** What its package has as its version. */
export const cedarVersion = '4.13.0'

let loaded: Cedar | undefined

/**
 * Loads Cedar when it is first asked, which takes some 30 ms. A start under a compiled policy does not need it before the
 * first judgement.
 */
export function cedar(): Cedar {
  // oxlint-disable-next-line typescript/no-require-imports -- an import would load it at once
  loaded ??= require('@cedar-policy/cedar-wasm/nodejs') as Cedar
  return loaded
}
