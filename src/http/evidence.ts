import type { HttpResponseInit } from '@azure/functions'
import { type Day, parseDay } from '../core/data/day.ts'
import { parseRequestId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { Bundles } from '../evidence/read/bundles.ts'
import type { Erasures } from '../evidence/erasures.ts'
import type { Proofs } from '../evidence/read/proofs.ts'
import type { SaidOf } from '../evidence/read/saidExport.ts'
import type { Call } from './boundary.ts'
import { attachment, begun, download } from './download.ts'
import { body, query } from './input.ts'
import type { principals } from './principal.ts'
import { type EvidenceRouteName, jsonLines } from './route.ts'
import { erasureBody, noQuery } from './schemas.ts'

/** The use cases of evidence. */
export interface Evidence {
  readonly bundles: Bundles
  readonly said: SaidOf
  readonly proofs: Proofs
  readonly erase: Erasures
}

export interface EvidenceParts extends Evidence {
  readonly approvals: Pick<Approvals, 'read'>
  readonly who: ReturnType<typeof principals>
}

export type EvidenceApi = Readonly<Record<EvidenceRouteName, (call: Call) => Promise<HttpResponseInit>>>

export function evidenceApi({ approvals, bundles, said, proofs, erase, who }: EvidenceParts): EvidenceApi {
  return {
    async proof(call) {
      const { id } = await who.person(call, 'Evidence.Read')
      query(call.req, noQuery)
      const wanted = parseRequestId(call.req.params['id'] ?? '')
      return ok(await proofs.of(await approvals.read(wanted, { kind: 'person', id, evidence: true })))
    },

    async bundles(call) {
      await who.person(call, 'Evidence.Read')
      query(call.req, noQuery)
      return ok({ bundles: await bundles.list() })
    },

    async bundle(call) {
      await who.person(call, 'Evidence.Export')
      query(call.req, noQuery)
      const date = dateOf(call)
      const file = await bundles.find(date)
      const filename = `countersign-evidence-${date}.zip`
      return download(call.req, { ...file, filename, contentType: 'application/zip' })
    },

    async said(call) {
      await who.person(call, 'Evidence.Export')
      query(call.req, noQuery)
      const date = dateOf(call)
      const headers = attachment({ filename: `said-${date}.jsonl`, contentType: jsonLines })
      return { body: await begun(await said(date)), headers: { ...headers, 'cache-control': 'no-store' } }
    },

    async erasures(call) {
      const person = await who.person(call, 'Evidence.Erase')
      query(call.req, noQuery)
      const { request, names, why } = (await body(call.req, erasureBody)).value
      const erased = await erase(parseRequestId(request), { names, why, by: person.id })
      return ok({ request, erased: erased.map(({ event, names }) => ({ event, names })) })
    },

    async checkpoint(call) {
      query(call.req, noQuery)
      const checkpoint = await bundles.checkpoint()
      if (checkpoint === null) throw new Problem('not-found', 'No day is sealed yet: there is no checkpoint.')
      const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'public, max-age=60' }
      return { body: checkpoint, headers }
    },
  }
}

const ok = (jsonBody: object): HttpResponseInit => ({ status: 200, jsonBody, headers: { 'cache-control': 'no-store' } })

/** @throws {Problem} `invalid-input` for what is no day of the calendar */
const dateOf = ({ req }: Call): Day => parseDay(req.params['date'] ?? '', '/date')
