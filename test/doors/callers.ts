/**
 * Who gets what from which route: the tests are made from these tables, and a function that is deployed without a
 * column here fails them. Forged tokens say of themselves what would be enough, if they counted.
 *
 * A number is a status; with 401, 403 and 404 the code is `unauthenticated`, `not-permitted` and `not-found`.
 * `self` is 403 `self-approval`, `grant` is 403 `grant-invalid`; `why` is a card that says why this person may not
 * decide, `none` a list without the request, `more` health with its counts, `bound` 400 of AuthZEN for a denial that is none,
 * and `422` the code `not-deputy`.
 */
const aboutRequests = `
caller                              ask  list read cancel views decide redeem report revoke events proof

no token                            401  401  401  401    401   401    401    401    401    401    401
another scheme                      401  401  401  401    401   401    401    401    401    401    401
no JWT                              401  401  401  401    401   401    401    401    401    401    401
alg none                            401  401  401  401    401   401    401    401    401    401    401
HS256 with the public key           401  401  401  401    401   401    401    401    401    401    401
claims changed after signing        401  401  401  401    401   401    401    401    401    401    401
another key of the same name        401  401  401  401    401   401    401    401    401    401    401
a key that it brings along          401  401  401  401    401   401    401    401    401    401    401
expired                             401  401  401  401    401   401    401    401    401    401    401
not valid yet                       401  401  401  401    401   401    401    401    401    401    401
another audience                    401  401  401  401    401   401    401    401    401    401    401
another issuer                      401  401  401  401    401   401    401    401    401    401    401
another tenant                      401  401  401  401    401   401    401    401    401    401    401
version 1.0                         401  401  401  401    401   401    401    401    401    401    401
id_token                            401  401  401  401    401   401    401    401    401    401    401
another scope                       401  401  401  401    401   401    401    401    401    401    401
a grant                             401  401  401  401    401   401    401    401    401    401    401
Teams                               401  401  401  401    401   401    401    401    401    401    401

agent that asked                    201  200  200  200    403   403    grant  404    403    403    403
executor                            201  none 200  404    403   403    200    200    403    403    403
executor, only Grants.Redeem        403  403  200  403    403   403    200    200    403    403    403
executor without Grants.Redeem      201  none 200  404    403   403    403    200    403    403    403
another agent                       201  none 404  404    403   403    404    404    403    403    403
agent with evidence roles alone     403  403  403  403    403   403    403    403    403    403    403
agent without role                  403  403  403  403    403   403    403    403    403    403    403
agent with another application      403  403  403  403    403   403    403    403    403    403    403
unregistered agent                  403  403  403  403    403   403    403    403    403    403    403
agent's application for an approver 403  403  403  403    403   403    403    403    403    403    403
agent for an approver               403  403  403  403    403   403    403    403    403    403    403
agent's own account                 403  403  403  403    403   403    403    403    403    403    403
application that nobody named       403  403  403  403    403   403    403    403    403    403    403

approver                            403  200  200  403    200   200    403    403    200    403    403
approver with agent roles           403  200  200  403    200   200    403    403    200    403    403
approver of another group           403  none 404  403    404   404    403    403    404    403    403
who may break the glass             403  200  200  403    why   403    403    403    403    403    403
owner of the agent                  403  200  200  403    why   self   403    403    200    403    403
second account of its sponsor       403  200  200  403    why   self   403    403    200    403    403
whom it acts for                    403  200  200  403    why   self   403    403    200    403    403
guest in the group                  403  none 404  403    404   404    403    403    404    403    403
disabled, in the group              403  none 404  403    404   404    403    403    404    403    403
member in no group                  403  none 404  403    404   404    403    403    404    403    403
nobody in the directory             403  none 404  403    404   404    403    403    404    403    403
Evidence.Read                       403  200  200  403    404   404    403    403    404    200    200
Evidence.Export                     403  none 404  403    404   404    403    403    404    403    403
Evidence.Erase                      403  none 404  403    404   404    403    403    404    403    403
Evidence.Hold                       403  none 404  403    404   404    403    403    404    403    403
`

const others = `
caller                              bundles metrics exceptions bundle said erasures hold holds release repairs judgements checkpoint health openapi keys messages elsewhere slack github azureDevOps cosignatures

no token                            401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
another scheme                      401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
no JWT                              401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
alg none                            401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
HS256 with the public key           401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
claims changed after signing        401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
another key of the same name        401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
a key that it brings along          401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
expired                             401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
not valid yet                       401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
another audience                    401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
another issuer                      401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
another tenant                      401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
version 1.0                         401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
id_token                            401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
another scope                       401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
a grant                             401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  401      404       401   404    401    401
Teams                               401     401     401        401    401  401      401  401   401     401     401        200        200    200     200  200      404       401   404    401    401

agent that asked                    403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    200    403
executor                            403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
executor, only Grants.Redeem        403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
executor without Grants.Redeem      403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
another agent                       403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
agent with evidence roles alone     403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
agent without role                  403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
agent with another application      403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
unregistered agent                  403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
agent's application for an approver 403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
agent for an approver               403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
agent's own account                 403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
application that nobody named       403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403

approver                            403     403     403        403    403  403      403  403   403     403     200        200        200    200     200  401      404       401   404    403    403
approver with agent roles           403     403     403        403    403  403      403  403   403     403     200        200        200    200     200  401      404       401   404    403    403
approver of another group           403     403     403        403    403  403      403  403   403     403     200        200        200    200     200  401      404       401   404    403    403
who may break the glass             403     403     403        403    403  403      403  403   403     403     200        200        200    200     200  401      404       401   404    403    403
owner of the agent                  403     403     403        403    403  403      403  403   403     403     200        200        200    200     200  401      404       401   404    403    403
second account of its sponsor       403     403     403        403    403  403      403  403   403     403     200        200        200    200     200  401      404       401   404    403    403
whom it acts for                    403     403     403        403    403  403      403  403   403     403     200        200        200    200     200  401      404       401   404    403    403
guest in the group                  403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
disabled, in the group              403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
member in no group                  403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
nobody in the directory             403     403     403        403    403  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    403
Evidence.Read                       200     200     200        403    403  403      403  200   403     403     200        200        more   200     200  401      404       401   404    403    404
Evidence.Export                     403     403     403        200    200  403      403  403   403     403     403        200        200    200     200  401      404       401   404    403    404
Evidence.Erase                      403     403     403        403    403  202      403  403   403     200     403        200        200    200     200  401      404       401   404    403    403
Evidence.Hold                       403     403     403        403    403  403      201  200   404     403     403        200        200    200     200  401      404       401   404    403    403
`

const aboutAbsence = `
caller                              delegations delegate recall

no token                            401         401      401
another scheme                      401         401      401
no JWT                              401         401      401
alg none                            401         401      401
HS256 with the public key           401         401      401
claims changed after signing        401         401      401
another key of the same name        401         401      401
a key that it brings along          401         401      401
expired                             401         401      401
not valid yet                       401         401      401
another audience                    401         401      401
another issuer                      401         401      401
another tenant                      401         401      401
version 1.0                         401         401      401
id_token                            401         401      401
another scope                       401         401      401
a grant                             401         401      401
Teams                               401         401      401

agent that asked                    403         403      403
executor                            403         403      403
executor, only Grants.Redeem        403         403      403
executor without Grants.Redeem      403         403      403
another agent                       403         403      403
agent with evidence roles alone     403         403      403
agent without role                  403         403      403
agent with another application      403         403      403
unregistered agent                  403         403      403
agent's application for an approver 403         403      403
agent for an approver               403         403      403
agent's own account                 403         403      403
application that nobody named       403         403      403

approver                            200         201      404
approver with agent roles           200         201      404
approver of another group           200         422      404
who may break the glass             200         422      404
owner of the agent                  200         201      404
second account of its sponsor       200         201      404
whom it acts for                    200         201      404
guest in the group                  200         403      404
disabled, in the group              200         403      404
member in no group                  200         422      404
nobody in the directory             200         403      404
Evidence.Read                       200         422      404
Evidence.Export                     200         422      404
Evidence.Erase                      200         422      404
Evidence.Hold                       200         422      404
`

const aboutTalk = `
caller                              askBack answer narrow breakGlass reviewGlass

no token                            401     401    401    401        401
another scheme                      401     401    401    401        401
no JWT                              401     401    401    401        401
alg none                            401     401    401    401        401
HS256 with the public key           401     401    401    401        401
claims changed after signing        401     401    401    401        401
another key of the same name        401     401    401    401        401
a key that it brings along          401     401    401    401        401
expired                             401     401    401    401        401
not valid yet                       401     401    401    401        401
another audience                    401     401    401    401        401
another issuer                      401     401    401    401        401
another tenant                      401     401    401    401        401
version 1.0                         401     401    401    401        401
id_token                            401     401    401    401        401
another scope                       401     401    401    401        401
a grant                             401     401    401    401        401
Teams                               401     401    401    401        401

agent that asked                    403     200    403    403        403
executor                            403     403    403    403        403
executor, only Grants.Redeem        403     403    403    403        403
executor without Grants.Redeem      403     403    403    403        403
another agent                       403     404    403    403        403
agent with evidence roles alone     403     403    403    403        403
agent without role                  403     403    403    403        403
agent with another application      403     403    403    403        403
unregistered agent                  403     403    403    403        403
agent's application for an approver 403     403    403    403        403
agent for an approver               403     403    403    403        403
agent's own account                 403     403    403    403        403
application that nobody named       403     403    403    403        403

approver                            200     403    less   403        200
approver with agent roles           200     403    less   403        200
approver of another group           404     404    404    404        404
who may break the glass             403     403    403    200        403
owner of the agent                  self    200    self   403        self
second account of its sponsor       self    200    self   403        self
whom it acts for                    self    200    self   403        self
guest in the group                  404     404    404    404        404
disabled, in the group              404     404    404    404        404
member in no group                  404     404    404    404        404
nobody in the directory             404     404    404    404        404
Evidence.Read                       404     404    404    404        404
Evidence.Export                     404     404    404    404        404
Evidence.Erase                      404     404    404    404        404
Evidence.Hold                       404     404    404    404        404
`

const aboutAuthzen = `
caller                              evaluate requestAccess accessTask cancelAccess authzenConfiguration

no token                            401      401           401        401          200
another scheme                      401      401           401        401          200
no JWT                              401      401           401        401          200
alg none                            401      401           401        401          200
HS256 with the public key           401      401           401        401          200
claims changed after signing        401      401           401        401          200
another key of the same name        401      401           401        401          200
a key that it brings along          401      401           401        401          200
expired                             401      401           401        401          200
not valid yet                       401      401           401        401          200
another audience                    401      401           401        401          200
another issuer                      401      401           401        401          200
another tenant                      401      401           401        401          200
version 1.0                         401      401           401        401          200
id_token                            401      401           401        401          200
another scope                       401      401           401        401          200
a grant                             401      401           401        401          200
Teams                               401      401           401        401          200

agent that asked                    200      bound         200        200          200
executor                            200      bound         404        404          200
executor, only Grants.Redeem        403      403           403        403          200
executor without Grants.Redeem      200      bound         404        404          200
another agent                       200      bound         404        404          200
agent with evidence roles alone     403      403           403        403          200
agent without role                  403      403           403        403          200
agent with another application      403      403           403        403          200
unregistered agent                  403      403           403        403          200
agent's application for an approver 403      403           403        403          200
agent for an approver               403      403           403        403          200
agent's own account                 403      403           403        403          200
application that nobody named       403      403           403        403          200

approver                            403      403           403        403          200
approver with agent roles           403      403           403        403          200
approver of another group           403      403           403        403          200
who may break the glass             403      403           403        403          200
owner of the agent                  403      403           403        403          200
second account of its sponsor       403      403           403        403          200
whom it acts for                    403      403           403        403          200
guest in the group                  403      403           403        403          200
disabled, in the group              403      403           403        403          200
member in no group                  403      403           403        403          200
nobody in the directory             403      403           403        403          200
Evidence.Read                       403      403           403        403          200
Evidence.Export                     403      403           403        403          200
Evidence.Erase                      403      403           403        403          200
Evidence.Hold                       403      403           403        403          200
`

const aboutConsole = `
caller                              me  policy shownView consoleSettings console

no token                            401 401    401       200             200
another scheme                      401 401    401       200             200
no JWT                              401 401    401       200             200
alg none                            401 401    401       200             200
HS256 with the public key           401 401    401       200             200
claims changed after signing        401 401    401       200             200
another key of the same name        401 401    401       200             200
a key that it brings along          401 401    401       200             200
expired                             401 401    401       200             200
not valid yet                       401 401    401       200             200
another audience                    401 401    401       200             200
another issuer                      401 401    401       200             200
another tenant                      401 401    401       200             200
version 1.0                         401 401    401       200             200
id_token                            401 401    401       200             200
another scope                       401 401    401       200             200
a grant                             401 401    401       200             200
Teams                               401 401    401       200             200

agent that asked                    403 403    403       200             200
executor                            403 403    403       200             200
executor, only Grants.Redeem        403 403    403       200             200
executor without Grants.Redeem      403 403    403       200             200
another agent                       403 403    403       200             200
agent with evidence roles alone     403 403    403       200             200
agent without role                  403 403    403       200             200
agent with another application      403 403    403       200             200
unregistered agent                  403 403    403       200             200
agent's application for an approver 403 403    403       200             200
agent for an approver               403 403    403       200             200
agent's own account                 403 403    403       200             200
application that nobody named       403 403    403       200             200

approver                            200 200    403       200             200
approver with agent roles           200 200    403       200             200
approver of another group           200 200    403       200             200
who may break the glass             200 200    403       200             200
owner of the agent                  200 200    403       200             200
second account of its sponsor       200 200    403       200             200
whom it acts for                    200 200    403       200             200
guest in the group                  200 403    403       200             200
disabled, in the group              200 403    403       200             200
member in no group                  200 403    403       200             200
nobody in the directory             200 403    403       200             200
Evidence.Read                       200 200    200       200             200
Evidence.Export                     200 403    403       200             200
Evidence.Erase                      200 403    403       200             200
Evidence.Hold                       200 403    403       200             200
`

/** What one caller gets, by route. */
export interface Row {
  readonly caller: string
  readonly expected: Readonly<Record<string, string>>
}

/** The tables as one. @throws {Error} if they do not name the same callers, or a cell is missing */
export function rows(): readonly Row[] {
  const [first = [], ...more] = [aboutRequests, others, aboutAbsence, aboutTalk, aboutAuthzen, aboutConsole].map(read)
  const names = (table: readonly Row[]): string => table.map(({ caller }) => caller).join('\n')
  if (more.some((table) => names(table) !== names(first))) throw new Error('The tables do not name the same callers.')
  return first.map(({ caller, expected }, i) => ({
    caller,
    expected: Object.assign({ ...expected }, ...more.map((table) => table[i]?.expected)) as Row['expected'],
  }))
}

function read(table: string): readonly Row[] {
  const [head = [], ...lines] = table
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => [line.slice(0, 36).trim(), ...line.slice(36).trim().split(/ +/)])
  return lines.map(([caller = '', ...cells]) => {
    if (cells.length !== head.length - 1) throw new Error(`The row of ${caller} has not a cell for every route.`)
    return { caller, expected: Object.fromEntries(cells.map((cell, i) => [head[i + 1], cell])) }
  })
}
