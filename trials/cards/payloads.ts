import type { Presentation } from '../../src/core/action/presentation.ts'
import type { Json, JsonObject } from '../../src/core/data/json.ts'
import type { Submission } from '../../src/core/request/submission.ts'
import { needs, slot } from '../../test/support/build.ts'

/** What an agent sends in JSON, and how a policy would have it shown. The documents have a picture of each. */
export interface Payload {
  readonly name: string
  readonly title: string
  readonly asked: Partial<Submission>
}

const asked = (
  verb: string,
  target: string,
  params: JsonObject,
  { reason, presentation, summary }: { reason: string; presentation: Presentation; summary: string },
): Partial<Submission> => ({
  action: { action: verb, target, environment: 'production', params },
  reason,
  presentation,
  judgement: needs([slot('dba')], { summary }),
})

const resource = (address: string, actions: readonly string[], before: Json, after: Json): Json => ({
  address,
  change: { actions, before, after },
})

/** The changes of `terraform show -json`. */
const plan = asked(
  'terraform.apply',
  'prod/terraform/orders',
  {
    resource_changes: [
      resource(
        'aws_db_instance.orders',
        ['update'],
        { allocated_storage: 100, instance_class: 'db.r6g.large', multi_az: true },
        { allocated_storage: 200, instance_class: 'db.r6g.xlarge', multi_az: true },
      ),
      resource('aws_security_group_rule.debug', ['delete'], { cidr_blocks: ['0.0.0.0/0'], from_port: 5432 }, null),
    ],
    summary: '0 to add, 1 to change, 1 to destroy',
  },
  {
    reason: 'The disk of the orders database is 91% full, OPS-417',
    summary: 'Terraform changes production',
    presentation: {
      title: [{ text: 'Apply ' }, { path: ['summary'] }, { text: ' in ' }, { own: 'target' }],
      params: [{ key: 'resource_changes', label: 'Changes', order: ['address', 'change', 'actions'] }],
    },
  },
)

/** The object that the Kubernetes SDK for JavaScript sends. */
const deployment = asked(
  'k8s.apply',
  'prod/k8s/shop/orders-api',
  {
    manifest: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'orders-api', namespace: 'shop', labels: { 'app.kubernetes.io/name': 'orders-api' } },
      spec: {
        replicas: 4,
        selector: { matchLabels: { 'app.kubernetes.io/name': 'orders-api' } },
        template: {
          metadata: { labels: { 'app.kubernetes.io/name': 'orders-api' } },
          spec: {
            containers: [
              {
                name: 'api',
                image: 'registry.example/orders-api:4.12.0',
                args: ['--listen', ':8080'],
                ports: [{ containerPort: 8080 }],
                resources: { limits: { cpu: '1', memory: '512Mi' } },
                securityContext: { privileged: false },
              },
            ],
          },
        },
      },
    },
  },
  {
    reason: 'Release of the fix for the double charge, PAY-311',
    summary: 'Deploy to production',
    presentation: {
      title: [
        ...[{ text: 'Run ' }, { path: ['manifest', 'spec', 'replicas'] }, { text: ' of ' }],
        ...[
          { path: ['manifest', 'metadata', 'name'] },
          { text: ' in ' },
          { path: ['manifest', 'metadata', 'namespace'] },
        ],
      ],
      params: [
        {
          ...{ key: 'manifest', label: 'Manifest' },
          order: ['apiVersion', 'kind', 'name', 'namespace', 'image', 'args', 'metadata', 'replicas'],
        },
      ],
    },
  },
)

const iam = asked(
  'iam.policy.put',
  'prod/iam/roles/report-reader',
  {
    document: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'ReadReports',
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:ListBucket'],
          Resource: 'arn:aws:s3:::finance-reports/*',
          Condition: {
            IpAddress: { 'aws:SourceIp': ['10.20.0.0/16'] },
            Bool: { 'aws:SecureTransport': 'true' },
          },
        },
        { Sid: 'Tags', Effect: 'Allow', Action: 'tag:*', Resource: '*' },
      ],
    },
    policyName: 'read-reports',
  },
  {
    reason: 'The new report service reads last month’s reports, FIN-902',
    summary: 'Change what a role may do',
    presentation: {
      title: [{ text: 'Put ' }, { path: ['policyName'] }, { text: ' on ' }, { own: 'target' }],
      params: [
        { key: 'document', label: 'Policy', order: ['Version', 'Sid', 'Effect', 'Action', 'Resource', 'Condition'] },
      ],
    },
  },
)

const mongo = asked(
  'mongo.updateMany',
  'prod/mongo/shop/customers',
  {
    filter: { lastLogin: { $lt: '2024-01-01T00:00:00Z' }, plan: { $in: ['free', 'trial'] } },
    update: { $set: { status: 'archived' }, $unset: { sessions: '' } },
    options: { upsert: false },
    matched: 48_210,
  },
  {
    reason: 'Retention: customers without a login for two years, DPO-12',
    summary: 'Change many documents in production',
    presentation: {
      title: [
        ...[{ text: 'Update ' }, { path: ['matched'], format: 'number' as const }],
        ...[{ text: ' documents of ' }, { own: 'target' as const }],
      ],
      params: [
        { key: 'matched', label: 'Documents', format: 'number', critical: true },
        { key: 'filter', label: 'Those with' },
        { key: 'update', label: 'Change' },
      ],
    },
  },
)

/** The arguments of a call of `tools/call` of an MCP server. */
const mcp = asked(
  'mcp__github__create_pull_request',
  'github/acme/shop',
  {
    owner: 'acme',
    repo: 'shop',
    title: 'Retry the payment once',
    head: 'agent/retry-payment',
    base: 'main',
    draft: false,
    body: [
      ...[
        '## What',
        'Retries a payment once after a timeout.',
        '',
        '## Why',
        'PAY-311: two of 1,000 payments time out.',
        '',
      ],
      ...['## How it was tested', '- unit tests of the retry', '- 200 payments in staging', '', 'Made by deploy-bot.'],
    ].join('\n'),
  },
  {
    reason: 'The fix of PAY-311 is ready for review',
    summary: 'Open a pull request',
    presentation: {
      title: [{ text: 'Open ' }, { path: ['title'] }, { text: ' in ' }, { own: 'target' }],
      params: [{ key: 'head', label: 'From' }, { key: 'base', label: 'Into', critical: true }, { key: 'title' }],
    },
  },
)

const patch = [
  ...['--- a/deploy/values.yaml', '+++ b/deploy/values.yaml', '@@ -3,7 +3,7 @@ orders:'],
  ...['   image: registry.example/orders-api', '-  tag: 4.11.3', '+  tag: 4.12.0', '   replicas: 4'],
  ...[
    '@@ -18,4 +18,5 @@ orders:',
    '   env:',
    '     LOG_LEVEL: info',
    '+    PAYMENT_RETRIES: "1"',
    '     REGION: eu-west-1',
    '',
  ],
].join('\n')

const diff = asked(
  'git.push',
  'github/acme/shop/main',
  { branch: 'main', patch },
  {
    reason: 'Release 4.12.0 of the orders API, PAY-311',
    summary: 'Push to a protected branch',
    presentation: {
      title: [{ text: 'Push a patch to ' }, { path: ['branch'] }, { text: ' of ' }, { own: 'target' }],
      params: [
        { key: 'branch', critical: true },
        { key: 'patch', label: 'Patch' },
      ],
    },
  },
)

export const payloads: readonly Payload[] = [
  { name: 'payload-terraform', title: 'A Terraform plan', asked: plan },
  { name: 'payload-kubernetes', title: 'A Kubernetes Deployment', asked: deployment },
  { name: 'payload-iam', title: 'An IAM policy with conditions', asked: iam },
  { name: 'payload-mongo', title: 'An update in MongoDB', asked: mongo },
  { name: 'payload-mcp', title: 'A tool call of an MCP server', asked: mcp },
  { name: 'payload-diff', title: 'A unified diff', asked: diff },
]
