/** Frameworks whose controls are told by the form of their names. */
const frameworks = {
  nist: 'NIST SP 800-53 Rev. 5',
  soc2: 'SOC 2 Trust Services Criteria',
  iso: 'ISO/IEC 27001 or 42001, Annex A',
  other: 'not recognized',
} as const

/** A control that a rule names with `@controls`. */
export interface ControlName {
  /** As the rule has it. */
  readonly name: string
  /** The framework, for people. */
  readonly framework: (typeof frameworks)[keyof typeof frameworks]
  /** The id in OSCAL; only of controls of NIST: `ac-6.9` of `AC-6(9)`. */
  readonly oscal?: string
  /**
   * Whether the list of this program has it. Only the controls of NIST are listed; of other frameworks the form alone is
   * known.
   */
  readonly isListed?: boolean
}

/** Reads the name of a control. Every name is one: what is not recognized stays as it is. */
export function controlNamed(name: string): ControlName {
  const [, family = '', number = '', , enhancement] = /^([A-Z]{2})-(\d+)(\((\d+)\))?$/.exec(name) ?? []
  if (family !== '') {
    const oscal = `${family.toLowerCase()}-${number}${enhancement === undefined ? '' : `.${enhancement}`}`
    return { name, framework: frameworks.nist, oscal, isListed: isListed(family, name) }
  }
  if (/^(CC|A|C|PI|P)\d+\.\d+$/.test(name)) return { name, framework: frameworks.soc2 }
  // Annex A of both standards is numbered alike.
  if (/^A\.\d+(\.\d+)+$/.test(name)) return { name, framework: frameworks.iso }
  return { name, framework: frameworks.other }
}

const isListed = (family: string, name: string): boolean =>
  baseline[family]?.split(' ').includes(name.slice(family.length + 1)) === true || beyond.includes(name)

/**
 * The controls of the high baseline of NIST SP 800-53B, by family. Those of the low and the moderate baseline are among
 * them.
 */
const baseline: Readonly<Record<string, string>> = {
  AC: '1 2 2(1) 2(2) 2(3) 2(4) 2(5) 2(11) 2(12) 2(13) 3 4 4(4) 5 6 6(1) 6(2) 6(3) 6(5) 6(7) 6(9) 6(10) 7 8 10 11 11(1) 12 14 17 17(1) 17(2) 17(3) 17(4) 18 18(1) 18(3) 18(4) 18(5) 19 19(5) 20 20(1) 20(2) 21 22',
  AT: '1 2 2(2) 2(3) 3 4',
  AU: '1 2 3 3(1) 4 5 5(1) 5(2) 6 6(1) 6(3) 6(5) 6(6) 7 7(1) 8 9 9(2) 9(3) 9(4) 10 11 12 12(1) 12(3)',
  CA: '1 2 2(1) 2(2) 3 3(6) 5 6 7 7(1) 7(4) 8 8(1) 9',
  CM: '1 2 2(2) 2(3) 2(7) 3 3(1) 3(2) 3(4) 3(6) 4 4(1) 4(2) 5 5(1) 6 6(1) 6(2) 7 7(1) 7(2) 7(5) 8 8(1) 8(2) 8(3) 8(4) 9 10 11 12 12(1)',
  CP: '1 2 2(1) 2(2) 2(3) 2(5) 2(8) 3 3(1) 4 4(1) 4(2) 6 6(1) 6(2) 6(3) 7 7(1) 7(2) 7(3) 7(4) 8 8(1) 8(2) 8(3) 8(4) 9 9(1) 9(2) 9(3) 9(5) 9(8) 10 10(2) 10(4)',
  IA: '1 2 2(1) 2(2) 2(5) 2(8) 2(12) 3 4 4(4) 5 5(1) 5(2) 5(6) 6 7 8 8(1) 8(2) 8(4) 11 12 12(2) 12(3) 12(4) 12(5)',
  IR: '1 2 2(1) 2(2) 3 3(2) 4 4(1) 4(4) 4(11) 5 5(1) 6 6(1) 6(3) 7 7(1) 8',
  MA: '1 2 2(2) 3 3(1) 3(2) 3(3) 4 4(3) 5 5(1) 6',
  MP: '1 2 3 4 5 6 6(1) 6(2) 6(3) 7',
  PE: '1 2 3 3(1) 4 5 6 6(1) 6(4) 8 8(1) 9 10 11 11(1) 12 13 13(1) 13(2) 14 15 15(1) 16 17 18',
  PL: '1 2 4 4(1) 8 10 11',
  PS: '1 2 3 4 4(2) 5 6 7 8 9',
  RA: '1 2 3 3(1) 5 5(2) 5(4) 5(5) 5(11) 7 9',
  SA: '1 2 3 4 4(1) 4(2) 4(5) 4(9) 4(10) 5 8 9 9(2) 10 11 15 15(3) 16 17 21 22',
  SC: '1 2 3 4 5 7 7(3) 7(4) 7(5) 7(7) 7(8) 7(18) 7(21) 8 8(1) 10 12 12(1) 13 15 17 18 20 21 22 23 24 28 28(1) 39',
  SI: '1 2 2(2) 3 4 4(2) 4(4) 4(5) 4(10) 4(12) 4(14) 4(20) 4(22) 5 5(1) 6 7 7(1) 7(2) 7(5) 7(7) 7(15) 8 8(2) 10 11 12 16',
  SR: '1 2 2(1) 3 5 6 8 9 9(1) 10 11 11(1) 11(2) 12',
}

/** Controls of no baseline that approvals serve: dual authorization. */
const beyond: readonly string[] = ['AC-3(2)', 'AU-9(5)', 'CM-5(4)']
