import { controlNamed } from '../../../src/core/policy/controlName.ts'

test.each([
  ['AC-6(9)', 'NIST SP 800-53 Rev. 5', 'ac-6.9', true],
  ['AC-5', 'NIST SP 800-53 Rev. 5', 'ac-5', true],
  ['AC-3(2)', 'NIST SP 800-53 Rev. 5', 'ac-3.2', true],
  ['CM-5(4)', 'NIST SP 800-53 Rev. 5', 'cm-5.4', true],
  ['AU-9(5)', 'NIST SP 800-53 Rev. 5', 'au-9.5', true],
  ['AC-99', 'NIST SP 800-53 Rev. 5', 'ac-99', false],
  ['AC-6(99)', 'NIST SP 800-53 Rev. 5', 'ac-6.99', false],
  ['ZZ-1', 'NIST SP 800-53 Rev. 5', 'zz-1', false],
])('%s is a control of NIST, and listed or not', (name, framework, oscal, isListed) => {
  expect(controlNamed(name)).toEqual({ name, framework, oscal, isListed })
})

test.each([
  ['CC6.1', 'SOC 2 Trust Services Criteria'],
  ['A1.2', 'SOC 2 Trust Services Criteria'],
  ['PI1.5', 'SOC 2 Trust Services Criteria'],
  ['P4.2', 'SOC 2 Trust Services Criteria'],
  ['A.5.15', 'ISO/IEC 27001 or 42001, Annex A'],
  ['A.6.2.8', 'ISO/IEC 27001 or 42001, Annex A'],
  ['ac-6', 'not recognized'],
  ['AC-6(9', 'not recognized'],
  ['CC6', 'not recognized'],
  ['PCI-10.2', 'not recognized'],
  ['SOX-ITGC-4', 'not recognized'],
])('%s is told by its form', (name, framework) => {
  expect(controlNamed(name)).toEqual({ name, framework })
})
