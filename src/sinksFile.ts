import * as z from 'zod'
import type { OcsfSinkSettings } from './azure/ocsfSink.ts'
import type { SentinelSettings } from './azure/sentinel.ts'
import { flawAt, readDocument } from './policy/document.ts'
import { textOf } from './policy/files.ts'
import { BadPolicy } from './policy/flaw.ts'
import type { Cloud } from './runtime/cloud.ts'
import { hookFault } from './webhook/hookAddress.ts'
import type { WebhookSettings } from './webhook/webhook.ts'

/** A receiver of all events, as `sinks.json` describes it. docs/operate/sinks.md explains each member. */
export type SinkSettings =
  | (WebhookSettings & {
      readonly kind: 'webhook'
      /** A Key Vault secret id without a version. */
      readonly secret: string
    })
  | (SentinelSettings & { readonly kind: 'sentinel' })
  | (OcsfSinkSettings & { readonly kind: 'ocsf' })

/** The stream that the templates declare. */
const usualStream = 'Custom-Countersign'

/** More would slow down what people wait for. */
const mostSinks = 8

/**
 * Reads `sinks.json`.
 *
 * @throws {BadPolicy} with the line of each flaw: the member, its rule, and what to write instead
 */
export function readSinks(bytes: Uint8Array, cloud: Cloud): readonly SinkSettings[] {
  const source = { file: 'sinks.json', bytes, text: textOf('sinks.json', bytes) }
  const { sinks } = readDocument(source, documentIn(cloud))
  const all = Object.entries(sinks).map(([name, settings]): SinkSettings => ({ name, ...settings }))
  const urls = new Map<string, string>()
  for (const sink of all) {
    if (sink.kind !== 'webhook') continue
    const other = urls.get(sink.url)
    if (other !== undefined)
      throw new BadPolicy([flawAt(source, ['sinks', sink.name, 'url'], `"${other}" has this address: leave one out`)])
    urls.set(sink.url, sink.name)
  }
  return all
}

function documentIn({ vault, monitor }: Cloud) {
  const webhook = {
    kind: z.literal('webhook'),
    url: z.string().superRefine((text, context) => {
      const fault = hookFault(text)
      if (fault !== null) context.addIssue(fault)
    }),
    secret: z.string().regex(secretIn(vault), {
      error: `it is the id of a Key Vault secret without a version: https://<name>.${hostOf(vault)}/secrets/<name>`,
    }),
    rawData: truth,
    deliverAnyway: truth.default(false),
  }
  const sentinel = {
    kind: z.literal('sentinel'),
    endpoint: z.string().regex(endpointIn(monitor), {
      error:
        'it is the logsIngestion endpoint of the data collection rule, without a slash at its end: ' +
        `https://<name>.ingest.${hostOf(monitor)}`,
    }),
    rule: z.string().regex(/^dcr-[0-9a-f]{32}$/, {
      error: 'it is the immutable id of the data collection rule: dcr- and 32 hex digits',
    }),
    stream: z
      .string()
      .regex(/^Custom-[A-Za-z0-9_]{1,50}$/, { error: `it is a stream that the rule declares, as ${usualStream}` })
      .default(usualStream),
  }
  const ocsf = { kind: z.literal('ocsf'), rawData: truth }
  const sink = z.discriminatedUnion('kind', [closed(webhook), closed(sentinel), closed(ocsf)], {
    error: ({ code }) => (code === 'invalid_union' ? 'it is webhook, sentinel or ocsf' : undefined),
  })
  const sinks = z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, 'a sink is named with 1 to 31 of a-z 0-9 -, a letter first'),
      sink,
    )
    .refine((all) => Object.keys(all).length <= mostSinks, `there are at most ${mostSinks} sinks`)
  return closed({ version: z.literal(1), sinks })
}

const truth = z.boolean({ error: 'it is true or false' }).default(true)

const closed = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? `there is no such member here; there are ${Object.keys(shape).join(', ')}`
        : undefined,
  })

const hostOf = (url: string): string => new URL(url).host

/** Tokens of this service go to these hosts alone. */
const secretIn = (vault: string): RegExp =>
  new RegExp(`^https://[a-zA-Z0-9-]+\\.${hostOf(vault).replaceAll('.', '\\.')}/secrets/[A-Za-z0-9-]+$`)

const endpointIn = (monitor: string): RegExp =>
  new RegExp(`^https://[a-z0-9-]+(?:\\.[a-z0-9-]+)*\\.ingest\\.${hostOf(monitor).replaceAll('.', '\\.')}$`)
