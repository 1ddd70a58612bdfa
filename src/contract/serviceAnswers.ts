import * as z from 'zod'
import { rowChecks } from '../core/data/problem.ts'
import { component, type Frozen } from './component.ts'
import { example } from './example.ts'
import { anyCount, anyDay, anyInstant } from './value.ts'

/** Why a witness has not cosigned a sealed day. docs/operate/runbook.md explains each. */
const uncosignedFaults = [
  ...['fork', 'stale-size', 'unknown-log', 'unknown-key', 'malformed', 'throttled', 'unexpected', 'no-answer'],
  ...['bad-cosignature', 'late', 'unknown'],
] as const

const part = component('PartHealth', z.enum(['ok', 'failing']))

/** Whether the service works. The optional members are for those who may read evidence. */
export const healthReport = component(
  'Health',
  z
    .object({
      status: part,
      version: z.string().meta({ description: 'Of the service.' }),
      now: anyInstant.meta({ description: "The service's clock." }),
      people: z
        .enum(['admitted', 'refused'])
        .meta({ description: 'Whether people may call over HTTP: some application is named that they may use.' }),
      parts: z.object({
        ledger: z.enum(['ok', 'failing', 'read-only']),
        archive: part,
        witness: part,
        cosignatures: z.enum(['ok', 'failing', 'refused', 'off']),
        signer: part,
        directory: part,
        deliveries: part,
        sinks: z.enum(['ok', 'failing', 'off']),
        seal: z.enum(['ok', 'failing', 'evidence-broken', 'read-only']),
        evidence: z.enum(['ok', 'evidence-broken']),
        backup: z.enum(['ok', 'failing', 'off']),
      }),
      counts: z
        .object({
          overdue: anyCount.meta({ description: 'Requests past their deadline.' }),
          pending: anyCount.meta({ description: 'Requests that wait for people.' }),
          oldest: anyInstant
            .optional()
            .meta({ description: 'When the oldest of these was asked for. Absent if there is none.' }),
          reviews: anyCount.meta({ description: 'Broken glasses that nobody has reviewed.' }),
          standing: anyCount.meta({ description: 'Standing approvals that can be used.' }),
          waiting: anyCount.meta({ description: 'Calls that wait at this process.' }),
          throttled: anyCount.meta({
            description: 'How often the tables asked this process to call later, in five minutes.',
          }),
        })
        .optional()
        .meta({ description: 'How much there is at this moment. Of each shard at most 1,000 requests are counted.' }),
      sinks: z
        .array(
          z.object({
            name: z.string(),
            kind: z.enum(['webhook', 'sentinel', 'ocsf']),
            state: z.enum(['ok', 'failing', 'off']),
            lag: anyCount,
            why: z.string().optional(),
            since: anyInstant.optional(),
          }),
        )
        .optional()
        .meta({
          description:
            'The systems that are told of all events: how many events each was not sent yet, and why it takes none, since when. Absent without any.',
        }),
      immutable: z
        .boolean()
        .optional()
        .meta({ description: 'Whether the storage has an immutability policy for evidence, locked or not.' }),
      sealed: z
        .object({ date: anyDay, number: anyCount, size: anyCount })
        .optional()
        .meta({ description: 'The newest sealed day. Absent before the first.' }),
      broken: z
        .array(
          z.object({
            shard: z.string(),
            row: z.string(),
            request: z.string().optional(),
            check: z.enum(rowChecks),
          }),
        )
        .optional()
        .meta({ description: 'Stored rows that are not as the service wrote them. Absent if none is known.' }),
      uncosigned: z
        .array(
          z.object({
            witness: z.string().meta({ description: 'The name of its key.' }),
            fault: z.enum(uncosignedFaults),
            date: anyDay.optional().meta({ description: 'The first day without its cosignature, if it is known.' }),
            since: anyInstant.optional(),
          }),
        )
        .optional()
        .meta({ description: 'Witnesses that did not cosign every sealed day. Absent if all did.' }),
      lost: z
        .array(z.object({ shard: z.string(), from: anyCount, to: anyCount }))
        .optional()
        .meta({ description: 'Events that could not be restored, by shard and number. Absent if none is missing.' }),
      textless: z
        .array(z.object({ shard: z.string(), from: anyCount, to: anyCount }))
        .optional()
        .meta({
          description:
            'Events that were restored without the texts that people wrote, by shard and number. Absent if there is none.',
        }),
    })
    .meta({ description: 'Whether the service and its parts work. The optional members need app role Evidence.Read.' }),
  {
    ...{ status: 'ok', version: '0.1.0', now: example.asked, people: 'admitted' },
    parts: {
      ...{ ledger: 'ok', archive: 'ok', witness: 'ok', cosignatures: 'off', signer: 'ok', directory: 'ok' },
      ...{ deliveries: 'ok', sinks: 'off', seal: 'ok', evidence: 'ok', backup: 'off' },
    },
  },
)

export type HealthReport = Frozen<z.output<typeof healthReport>>

/** What the console needs to know before anyone has signed in. */
export const consoleSettings = component(
  'ConsoleSettings',
  z
    .object({
      authority: z.string().meta({ description: 'The issuer that people sign in at (OpenID Connect Discovery).' }),
      clientId: z.string().meta({ description: 'The application id of the console.' }),
      scope: z.string().meta({ description: 'What an access token of this service is asked for with.' }),
      hosts: z
        .array(z.string())
        .meta({ description: 'The origins that may frame the console, as in a Content-Security-Policy.' }),
    })
    .meta({ description: 'How people sign in to the console.' }),
  {
    authority: 'https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0',
    clientId: '66666666-6666-4666-8666-666666666666',
    scope: '22222222-2222-4222-8222-222222222222/access_as_user',
    hosts: ['https://teams.microsoft.com'],
  },
)

export type ConsoleSettings = Frozen<z.output<typeof consoleSettings>>

/** RFC 7517. */
export const keySet = component(
  'KeySet',
  z
    .object({
      keys: z.array(
        z.object({
          kid: z.string().meta({ description: 'RFC 7638: the thumbprint.' }),
          kty: z.literal('EC'),
          crv: z.literal('P-256'),
          x: z.string(),
          y: z.string(),
          use: z.literal('sig'),
          alg: z.literal('ES256'),
        }),
      ),
    })
    .meta({ description: 'The public keys that verify grants (RFC 7517).' }),
  {
    keys: [
      {
        ...{ kid: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbW', kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' },
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
    ],
  },
)

export const openapiDocument = z.record(z.string(), z.unknown()).meta({ description: 'OpenAPI 3.1.' })
