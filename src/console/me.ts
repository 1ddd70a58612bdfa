import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { ServiceCalls } from './api.ts'
import type { PageSession } from './session.ts'

/** Who is signed in: `GET /api/me`. */
export interface Me {
  readonly id: string
  readonly name: string
  readonly roles: readonly string[]
  /** The groups of the policy that they are in. */
  readonly groups: readonly string[]
}

interface Signed {
  readonly me: Me
  readonly api: ServiceCalls
  readonly session: PageSession
}

export const SignedContext = createContext<Signed | null>(null)

/** Who is signed in and how, and the calls that they may make. @throws {Error} outside the signed-in pages */
export function useSigned(): Signed {
  const signed = useContext(SignedContext)
  if (signed === null) throw new Error('This page is drawn for a person who is signed in.')
  return signed
}

/** Whether the service lets this person read the policy: approvers may, and readers of evidence. */
export const mayKnowPolicy = ({ roles, groups }: Me): boolean => roles.includes('Evidence.Read') || groups.length > 0
