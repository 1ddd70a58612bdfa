import type { HttpRequest } from '@azure/functions'
import { isObject, type Json } from '../core/data/json.ts'
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
    const unread = req.clone()
    const answering = await handler(req)
    return {
      ...answering,
      answer: answering.answer.catch(async (cause: unknown): Promise<never> => {
        if (!(cause instanceof Problem) || cause.code !== 'invalid-input') throw cause
        const account = await accountAt(cause.details.pointer, unread)
        if (!account) throw cause
        const words = `${cause.message} ${account.name} is ${account.oid}.`
        throw new Problem(cause.code, words, { ...cause.details, cause })
      }),
    }
  }

/** Finds the account whose name stands in this place of a call: in a parameter, or at the top of the body. */
async function accountAt(pointer: string | undefined, req: HttpRequest) {
  const name = pointer?.slice(1) ?? ''
  const text = req.method === 'POST' ? await req.text() : ''
  const body = (text === '' ? {} : JSON.parse(text)) as Json
  const given = isObject(body) && name in body ? body[name] : req.query.get(name)
  return accounts.find((account) => account.name === given)
}
