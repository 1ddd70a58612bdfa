import { Problem } from '../core/data/problem.ts'
import type { Handler } from '../http/boundary.ts'
import { agents, users } from './accounts.ts'

/** The accounts of the local tenant, people first. */
export const accounts: readonly { readonly oid: string; readonly name: string }[] = [...users, ...agents]

/** Adds the object id of each account to a refusal that quotes its name, since an object id belongs there. */
export function withIds(refusal: string): string {
  const named = accounts.filter(({ name }) => refusal.includes(`"${name}"`))
  return [refusal, ...named.map(({ name, oid }) => `${name} is ${oid}.`)].join(refusal.endsWith('.') ? ' ' : '\n')
}

/** Answers a call that has a name where an object id belongs with that id. A deployment knows no names. */
export const naming =
  (handler: Handler): Handler =>
  async (req) => {
    const answering = await handler(req)
    return {
      ...answering,
      answer: answering.answer.catch((cause: unknown): never => {
        if (!(cause instanceof Problem) || cause.code !== 'invalid-input') throw cause
        throw new Problem(cause.code, withIds(cause.message), { ...cause.details, cause })
      }),
    }
  }
