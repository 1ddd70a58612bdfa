import { createHash, createHmac } from 'node:crypto'

/** A param as agents send them: a name and a value. */
export type Param = readonly [name: string, value: string]

/** Digits of a fixed stream, so that every run sees the same values. */
function stream(seed: string) {
  let block = 0
  let left = ''
  const hex = (count: number): string => {
    while (left.length < count) left += createHmac('sha256', seed).update(String(block++)).digest('hex')
    const taken = left.slice(0, count)
    left = left.slice(count)
    return taken
  }
  const number = (below: number): number => Number.parseInt(hex(8), 16) % below
  const pick = <T>(list: readonly T[]): T => list[number(list.length)] as T
  const letters = (count: number, alphabet: string): string =>
    Array.from({ length: count }, () => alphabet[number(alphabet.length)]).join('')
  return { hex, number, pick, letters }
}

const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const words =
  'prod staging eu west customers orders billing ledger export report api worker queue cache web auth'.split(' ')

/** At least 5,000 values of the kinds that machines make: ids, digests, addresses, times, names. */
export function made(each: number): readonly Param[] {
  const { hex, number, pick, letters } = stream('ordinary')
  const two = (most: number) => String(1 + number(most)).padStart(2, '0')
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`
  const name = () => `${pick(words)}-${pick(words)}-${number(100)}`
  const date = () => `20${20 + number(10)}-${two(12)}-${two(28)}`
  const account = () => String(100_000_000_000 + number(899_999_999))
  const kinds: readonly (() => Param)[] = [
    () => ['id', uuid()],
    () => ['token_id', uuid()],
    () => ['commit', hex(40)],
    () => ['revision', hex(7)],
    () => ['sha256', hex(64)],
    () => ['image', `registry.example.com/${pick(words)}/${pick(words)}@sha256:${hex(64)}`],
    () => ['image_tag', `v${number(20)}.${number(40)}.${number(99)}-rc.${number(9)}+${hex(7)}`],
    () => ['etag', `"${hex(32)}"`],
    () => ['integrity', `sha512-${letters(86, base64)}==`],
    () => ['role_arn', `arn:aws:iam::${account()}:role/${name()}`],
    () => [
      'secret_arn',
      `arn:aws:secretsmanager:eu-west-1:${account()}:secret:${name()}-${letters(6, base64.slice(0, 62))}`,
    ],
    () => ['principal_id', `AROA${letters(17, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`],
    () => ['instance', `i-0${hex(16)}`],
    () => ['pod', `${pick(words)}-${hex(10)}-${letters(5, 'bcdfghjklmnpqrstvwxz2456789')}`],
    () => ['destination', `s3://${name()}/${date()}/part-${number(9999)}.parquet`],
    () => ['cursor', Buffer.from(`id:${number(1_000_000)}:${date()}`).toString('base64')],
    () => ['next_page_token', letters(44, base64)],
    () => ['email', `${pick(words)}.${hex(4)}@example.com`],
    () => ['ip', `2001:db8:${hex(4)}:${hex(4)}::${hex(4)}`],
    () => ['cidr', `10.${number(256)}.${number(256)}.0/24`],
    () => ['phone', `+44 20 ${1000 + number(8999)} ${1000 + number(8999)}`],
    () => ['since', `${date()}T${two(23)}:${two(59)}:${two(59)}.${hex(1)}00Z`],
    () => ['schedule', `${number(60)} ${number(24)} * * ${number(7)}`],
    () => ['resource', `module.${pick(words)}["${name()}"].aws_db_instance.${pick(words)}[${number(9)}]`],
    () => ['ticket', `${letters(3, 'ABCDEFGH')}-${number(99_999)}`],
    () => ['traceparent', `00-${hex(32)}-${hex(16)}-01`],
    () => [
      'url',
      `https://${name()}.example.com/v1/${pick(words)}?page=${number(99)}&order=${pick(words)}&run=${uuid()}`,
    ],
    () => [
      'query',
      `SELECT ${pick(words)}_id, total FROM ${pick(words)} WHERE created_at > '${date()}' LIMIT ${number(999)}`,
    ],
    () => [
      'subscription',
      `/subscriptions/${uuid()}/resourceGroups/${name()}/providers/Microsoft.Sql/servers/${name()}`,
    ],
    () => ['ulid', letters(26, '0123456789ABCDEFGHJKMNPQRSTVWXYZ')],
    () => ['nanoid', letters(21, `${base64.slice(0, 62)}_-`)],
    () => ['certificate_fingerprint', (hex(40).match(/../g) ?? []).join(':').toUpperCase()],
    () => ['public_key', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${letters(43, base64)} ${pick(words)}@${pick(words)}`],
    () => ['payload', Buffer.from(hex(60), 'hex').toString('base64')],
    () => ['checksum', `md5:${createHash('md5').update(hex(8)).digest('hex')}`],
    () => ['iban', `GB${two(98)}NWBK${10_000_000 + number(89_999_999)}${10_000_000 + number(89_999_999)}`],
    () => ['password_secret', `${pick(words)}/${pick(words)}/db-password`],
    () => ['secret_name', `${name()}-token`],
  ]
  return kinds.flatMap((kind) => Array.from({ length: each }, kind))
}

/** What people and scripts write: near to secrets, and none. */
export const written: readonly Param[] = [
  ['password', 'vault://prod/db#password'],
  ['password', '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/db/8d7f2b)'],
  ['password', '${{ secrets.DB_PASSWORD }}'],
  ['password', '${DB_PASSWORD}'],
  ['password', '$DB_PASSWORD'],
  ['password', '%DB_PASSWORD%'],
  ['password', '$(aws secretsmanager get-secret-value --secret-id db)'],
  ['password', '{{ .Values.dbPassword }}'],
  ['password', '<from the vault>'],
  ['password', '********'],
  ['password', 'xxxxxxxx'],
  ['password', '/run/secrets/db_password'],
  ['password', 'op://infra/db/password'],
  ['password', 'ref+awssecrets://prod/db#password'],
  ['password', 'generated at rotation by the secrets manager'],
  ['db_password', 'prod-db-password-2'],
  ['dbPassword', 'prod/postgres/password'],
  ['api_key', 'STRIPE_API_KEY'],
  ['apiKey', 'var.stripe_api_key'],
  ['token', 'FIN-88123'],
  ['token', 'deploy-bot'],
  ['token', 'process.env.GITHUB_TOKEN'],
  ['token', 'githubActionsToken'],
  ['secret', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf'],
  ['secret', 'projects/acme-prod/secrets/db-password/versions/3'],
  ['secret', 'https://kv.vault.azure.net/secrets/db-password/8d7f2b41c95e4f7ab1c2'],
  ['secret', 'customer-facing'],
  ['client_secret', 'AZURE_CLIENT_SECRET'],
  ['credentials', 'managed-identity'],
  ['credential', 'svc.exporter@example.com'],
  ['access_key', 'last rotated 2026-01-31'],
  ['authorization', 'approved-by-security'],
  ['connection_string', 'Server=tcp:db1.example.com,1433;Database=orders;Authentication=Active Directory Default;'],
  ['private_key', '~/.ssh/deploy_ed25519'],
  ['secrets', 'db-password, api-token'],
  ['password_policy', 'min14-Upper1-Lower1-Digit1'],
  ['password_hash', 'bcrypt-cost-12'],
  ['token_count', '120000000'],
  ['max_tokens', '100000000'],
  ['token_endpoint', 'https://login.microsoftonline.com/common/oauth2/v2.0/token'],
  ['keyVaultSecretName', 'kv-2024Q4x-db'],
  ['key', 'orders/2026/01/31/8d7f2b41c95e.json'],
  ['partition_key', 'tenant#8d7f2b41c95e#2026-01'],
  ['primary_key', 'order_id'],
  ['passthrough', 'X-Request-8d7f2b41c95e'],
  ['url', 'https://oauth2:${GITLAB_TOKEN}@gitlab.example.com/acme/app.git'],
  ['url', 'https://git@github.com/acme/app.git'],
  ['url', 'ssh://git@github.com:22/acme/app.git'],
  ['url', 'postgres://reporter@db1.example.com:5432/orders?sslmode=verify-full'],
  ['url', 'postgres://user:password@localhost:5432/test'],
  ['url', 'amqp://user:***@mq.example.com/vhost'],
  ['url', 'https://example.com/login?next=/reset-password&token_type=bearer'],
  ['image', 'docker.io/library/postgres:16.4'],
  ['time', '2026-01-31T09:30:00+01:00'],
  ['header', 'Authorization: Bearer $TOKEN'],
  ['header', 'WWW-Authenticate: Basic realm="orders", charset="UTF-8"'],
  ['note', 'Basic authentication is turned off for this host'],
  ['note', 'bearer tokens are rotated every ninety days'],
  ['note', 'Please rotate the password: see FIN-881, and tell the owner.'],
  ['note', 'Token: expires in 3600 seconds. Secret: none.'],
  ['note', 'The secret sauce = better defaults'],
  ['sql', "UPDATE users SET password_reset_at = now() WHERE email = 'jo@example.com'"],
  ['sql', 'ALTER TABLE users ADD COLUMN password_hash varchar(60) NOT NULL'],
  ['sql', 'SELECT token_id, expires_at FROM tokens WHERE revoked = false'],
  ['terraform', 'password = random_password.db.result'],
  ['terraform', 'secret_arn = aws_secretsmanager_secret.db["prod"].arn'],
  ['yaml', 'passwordSecretRef:\n  name: db-credentials\n  key: password'],
  ['yaml', 'env:\n- name: TOKEN\n  valueFrom:\n    secretKeyRef: { name: bot-token, key: token }'],
  ['command', 'psql --host=db1.example.com --username=reporter --no-password -c "select 1"'],
  ['command', 'docker login --username deploy --password-stdin registry.example.com'],
  ['command', 'kubectl create secret generic db --from-file=password=/run/secrets/db'],
  ['command', 'curl -H "Authorization: Bearer $(cat /run/secrets/token)" https://api.example.com'],
  ['command', 'vault kv get -field=password secret/prod/db'],
  ['command', 'aws s3 cp s3://acme-exports/2026/01/31/orders.csv.gz . --sse aws:kms'],
  ['command', 'gh auth token --hostname github.com'],
  ['command', 'az keyvault secret show --name db-password --vault-name kv-prod --query id'],
  ['pem', '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUJ\n-----END CERTIFICATE-----'],
  ['pem', '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----'],
  ['branch', 'feature/gh_pages-and-npm_scripts'],
  ['package', 'npm_config_registry'],
  ['path', 'src/eyJournal/parser.payload.ts'],
  ['language', 'sk-SK'],
  ['stripe', 'pk_live_is_the_public_one'],
  ['regex', '^[A-Za-z0-9_-]{8,64}$'],
  ['jsonpath', "$.items[?(@.status=='failed')].id"],
  ['json', '{"page_token":"CAUQAA8d7f2b41","limit":50}'],
  ['chat', '19:8d7f2b41c95e4f7ab1c2@thread.tacv2'],
  ['emoji', 'Résumé 📄 für Köln – 東京'],
]
