/** The variable that says where test files get what they share in a run of jest: `lending.ts`. */
export const lender = 'COUNTERSIGN_TEST_LENDER'

/** Gets something that the test files of a run share. @throws {Error} with what the lender says, if there is none */
export async function borrow<T>(what: 'account' | 'program' | 'package', url = process.env[lender]): Promise<T> {
  if (url === undefined) throw new Error('Only a run of jest has a lender.')
  const answer = await fetch(`${url}/${what}`, { method: 'POST' })
  if (!answer.ok) throw new Error(`There is no ${what}: ${await answer.text()}`)
  return (await answer.json()) as T
}
