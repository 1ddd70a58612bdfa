import type { Stored, StoredModel } from 'oidc-provider'

/**
 * Stores codes, sessions and grants of the identity provider in memory while people sign in. Each new entry drops the
 * expired ones, so that entries do not pile up.
 */
export function signingIn(): (kind: string) => Stored {
  const kept = new Map<string, { readonly value: StoredModel; readonly until: number }>()
  const live = (key: string): StoredModel | undefined => {
    const found = kept.get(key)
    return found !== undefined && found.until > performance.now() ? found.value : undefined
  }
  return (kind) => {
    const keyOf = (id: string) => `${kind} ${id}`
    const search = async (fits: (value: StoredModel) => boolean) =>
      [...kept.keys()].flatMap((key) => (key.startsWith(`${kind} `) ? (live(key) ?? []) : [])).find(fits)
    return {
      async upsert(id, value, seconds) {
        const now = performance.now()
        for (const [key, { until }] of kept) if (until <= now) kept.delete(key)
        kept.set(keyOf(id), { value, until: now + seconds * 1000 })
      },
      find: async (id) => live(keyOf(id)),
      findByUid: (uid) => search((value) => value.uid === uid),
      findByUserCode: (code) => search((value) => value.userCode === code),
      async consume(id) {
        const value = live(keyOf(id))
        if (value !== undefined) value.consumed = Math.floor(Date.now() / 1000)
      },
      destroy: async (id) => void kept.delete(keyOf(id)),
      async revokeByGrantId(grant) {
        for (const [key, { value }] of kept) if (value.grantId === grant) kept.delete(key)
      },
    }
  }
}
