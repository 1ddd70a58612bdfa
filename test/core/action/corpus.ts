import { createHmac } from 'node:crypto'

/**
 * Lines of code, SQL, YAML and command lines that speak of passwords, tokens and keys, and hold none; and lines that
 * hold one. Made from a seed, so that every run sees the same lines. No password is written out here.
 */

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

const words = (text: string): readonly string[] => text.split(' ')

const secretNames = words(
  'password dbPassword db_password token accessToken authToken apiKey api_key secret clientSecret client_secret ' +
    'PASSWORD DB_PASSWORD API_TOKEN SECRET_KEY refreshToken sessionToken privateKey credentials passwd pwd',
)
const things = words('user account order invoice session customer tenant service worker gateway report ledger')
const verbs = words('get load read fetch create hash verify decrypt generate rotate resolve parse validate lookup')
const objects = words('req config input process settings options ctx this self params request args event vault client')
const hosts = words('db1.example.com cache.internal mq.example.net 10.2.3.4 localhost registry.example.com')

/** Ordinary lines, at least as many as wanted. */
export function ordinaryLines(wanted: number): readonly string[] {
  const { hex, number, pick, letters } = stream('ordinary lines')
  const name = () => pick(secretNames)
  const thing = () => pick(things)
  const Thing = () => thing().replace(/^./, (letter) => letter.toUpperCase())
  const call = () => `${pick(verbs)}${Thing()}`
  const chain = () => `${pick(objects)}.${thing()}.${name()}`
  const variable = () => `$${name()}`
  const env = () =>
    name()
      .replace(/([a-z])(?=[A-Z])/g, '$1_')
      .toUpperCase()
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`
  const suffix = () => letters(5, 'bcdfghjklmnpqrstvwxz2456789')
  const kinds: readonly (() => string)[] = [
    // TypeScript and JavaScript
    () => `const ${name()} = ${call()}(${pick(objects)}.${name()}, ${number(99)})`,
    () => `const ${name()} = await ${call()}(${pick(objects)})`,
    () => `  ${name()}: ${chain()},`,
    () => `if (${pick(objects)}.${name()} !== ${chain()}) throw new Error('The ${thing()} is not signed in.')`,
    () => `const ${name()} = process.env.${env()}`,
    () => `const ${name()} = process.env['${env()}'] ?? ${call()}()`,
    () => `export function ${call()}(${name()}: string, ${thing()}: ${Thing()}): Promise<${Thing()}> {`,
    () => `  readonly ${name()}: ReadonlyMap<string, ${Thing()}>`,
    () => `const { ${name()} } = ${pick(objects)}.body`,
    () => `expect(${name()}).toBe(${chain()})`,
    () => `  ${name()}: z.string().min(${8 + number(20)}),`,
    () => `const url = \`https://\${${thing()}}:\${${name()}}@${pick(hosts)}/\``,
    () => `jwt.verify(${name()}, ${chain()}, { algorithms: ['ES256'] })`,
    () => `const ${name()} = \`\${${pick(objects)}.${thing()}}\``,
    // Python, Go, Java, C#, PHP, Ruby, Rust
    () => `${name()} = os.environ["${env()}"]`,
    () => `${name()} = os.environ.get("${env()}", "")`,
    () => `self.${name()} = ${call()}(${name()})`,
    () => `def ${pick(verbs)}_${thing()}(self, ${name()}: Optional[str] = None) -> ${Thing()}:`,
    () => `${name()} := os.Getenv("${env()}")`,
    () => `${name()}, err := client.${Thing()}().${Thing()}(ctx, ${thing()})`,
    () => `private final String ${name()} = System.getenv("${env()}");`,
    () => `var ${name()} = configuration["${Thing()}:${name()}"];`,
    () => `var ${name()} = Environment.GetEnvironmentVariable("${env()}");`,
    () => `${variable()} = $request->input('${name()}');`,
    () => `${variable()} = $this->${thing()}->${name()};`,
    () => `${name()} = Rails.application.credentials.${thing()}`,
    () => `let ${name()} = std::env::var("${env()}")?;`,
    () => `let ${name()}: Zeroizing<String> = ${call()}(&${thing()})?;`,
    () => `f"{${name()}}:{${thing()}}"`,
    // SQL
    () => `SELECT id, ${thing()} FROM ${thing()}s WHERE password = crypt($1, password)`,
    () => `UPDATE ${thing()}s SET password = :password WHERE id = ${number(9999)}`,
    () => `UPDATE ${thing()}s SET token = NULL, secret = @secret WHERE ${thing()}_id = '${uuid()}'`,
    () => `ALTER TABLE ${thing()}s ADD COLUMN password_hash varchar(${number(255)}) NOT NULL`,
    () => `CREATE INDEX ${thing()}s_token_idx ON ${thing()}s (token, expires_at)`,
    () => `ALTER ROLE ${thing()} PASSWORD NULL`,
    () => `ALTER ROLE ${thing()} VALID UNTIL '20${20 + number(9)}-01-01'`,
    () => `SELECT token_id FROM tokens WHERE password_changed_at < now() - interval '${number(90)} days'`,
    () => `INSERT INTO ${thing()}s (name, password) VALUES ($1, crypt($2, gen_salt('bf')))`,
    () => `CREATE USER ${thing()} IDENTIFIED BY $${env()}`,
    () => `CREATE USER ${thing()} IDENTIFIED BY &password`,
    () => `export ${env()}=\${${env()}:?missing}`,
    () => `GRANT SELECT ON ${thing()}s TO ${thing()} -- its password is in the vault`,
    // YAML, Helm, Kubernetes, Terraform
    () => `  existingSecret: ${thing()}-creds-${hex(6)}`,
    () => `imagePullSecrets: [{ name: ${thing()}-dockercfg-${suffix()} }]`,
    () => `      secretName: ${thing()}-tls-${suffix()}`,
    () => `          secretKeyRef: { name: ${thing()}-token, key: ${name()} }`,
    () => `  ${name()}: {{ .Values.${thing()}.${name()} | quote }}`,
    () => `  ${name()}: \${{ secrets.${env()} }}`,
    () => `  ${name()}: !Ref ${Thing()}Secret`,
    () => `  ${name()}: '{{resolve:secretsmanager:${thing()}:SecretString:${name()}}}'`,
    () => `  ${name()} = var.${thing()}_password`,
    () => `  ${name()} = random_password.${thing()}.result`,
    () => `  ${name()} = data.vault_generic_secret.${thing()}.data["${name()}"]`,
    () => `  ${name()} = aws_secretsmanager_secret.${thing()}[${number(9)}].arn`,
    () => `  ${name()}: vault:secret/data/${thing()}#${name()}`,
    () => `- name: ${env()}\n  valueFrom:\n    secretKeyRef:\n      name: ${thing()}-${suffix()}`,
    () => `- name: ${env()}_FILE\n  value: /run/secrets/${thing()}`,
    () => `  automountServiceAccountToken: false`,
    // Commands
    () => `mysql -u${thing()} -p -h ${pick(hosts)} ${thing()}s < ${thing()}.sql`,
    () => `mysqldump --single-transaction -P ${3000 + number(999)} ${thing()}s > /tmp/${thing()}.sql`,
    () =>
      `docker run -d -p ${8000 + number(999)}:80 -e ${env()} registry.example.com/${thing()}:${number(9)}.${number(9)}`,
    () => `docker login -u ${thing()} --password-stdin registry.example.com < /run/secrets/registry`,
    () => `docker login -u ${thing()} -p "$${env()}" registry.example.com`,
    () => `ssh -p ${2000 + number(999)} ${thing()}@${pick(hosts)} 'systemctl restart ${thing()}'`,
    () => `psql -w -p 5432 -h ${pick(hosts)} -U ${thing()} -c 'select count(*) from ${thing()}s'`,
    () => `curl -u "${thing()}:$${env()}" https://api.example.com/${thing()}s/${number(999)}`,
    () => `curl -u ${thing()} https://api.example.com/v1/${thing()}s?limit=${number(99)}`,
    () => `curl -H "Authorization: Bearer $${env()}" -X POST https://api.example.com/${thing()}s`,
    () => `redis-cli -h ${pick(hosts)} -p 6379 -a "$${env()}" --scan --pattern '${thing()}:*'`,
    () => `sqlcmd -S ${pick(hosts)} -U ${thing()} -P "$(cat /run/secrets/${thing()})" -Q 'select 1'`,
    () => `az login --identity --client-id ${uuid()}`,
    () => `az keyvault secret show --name ${thing()}-password --vault-name kv-${thing()}`,
    () => `kubectl create secret generic ${thing()} --from-file=${name()}=/run/secrets/${thing()}`,
    () => `kubectl -n ${thing()} get secret ${thing()}-${suffix()} -o jsonpath='{.data.${name()}}'`,
    () => `vault kv get -field=${name()} secret/${thing()}/${thing()}`,
    () => `export ${env()}=$(aws secretsmanager get-secret-value --secret-id ${thing()} --query SecretString)`,
    () => `aws ec2 run-instances --client-token ${uuid()} --image-id ami-0${hex(16)}`,
    () => `openssl rsa -in ${thing()}.pem -passin env:${env()} -pubout`,
    () => `sshpass -e ssh ${thing()}@${pick(hosts)}`,
    () => `echo "$${env()}" | docker login --username ${thing()} --password-stdin`,
    () => `echo 'the ${thing()} is done' | mail -s ${thing()} ops@example.com`,
    () => `git commit -m 'Rotate the ${name()} of ${thing()}: see OPS-${number(999)}' && git push`,
    () => `$${thing()} = ConvertTo-SecureString $env:${env()} -AsPlainText -Force`,
    () => `Get-AzKeyVaultSecret -VaultName kv-${thing()} -Name ${thing()}-password -AsPlainText`,
    // Logs, JSON and prose
    () => `{"level":"info","msg":"token refreshed","${thing()}_id":"${uuid()}","ttl":${number(9999)}}`,
    () => `{"ClientToken":"${uuid()}","InstanceType":"m${number(9)}.large"}`,
    () => `{"sellToken":"0x${letters(40, '0123456789abcdefABCDEF')}","amount":"${number(9999)}"}`,
    () => `{"nextToken":"${letters(44, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')}"}`,
    () => `{"secret":"projects/${thing()}/secrets/${thing()}-password/versions/${number(9)}"}`,
    () =>
      `The password of ${thing()} was rotated on 2026-0${1 + number(9)}-1${number(9)}, and its token expires in ${number(99)} days.`,
    () => `net user growth of the ${thing()} report rose by ${number(99)} percent`,
  ]
  const lines: string[] = []
  while (lines.length < wanted) lines.push(...kinds.map((kind) => kind()))
  return lines
}

/** Texts that each hold this password. */
export const tellingTexts = (password: string): readonly string[] => [
  `mysql -uroot -p${password} shop`,
  `mysqldump -u root -p'${password}' shop > /tmp/shop.sql`,
  `sudo mariadb-dump -uroot -p${password} shop`,
  `docker exec -i db mysql -uroot -p${password} -e 'show tables'`,
  `cd /tmp && mysqladmin -p${password} status; ls`,
  `curl -u admin:${password} https://es.example.com/_snapshot`,
  `curl -sS --user 'admin:${password}' https://es.example.com`,
  `curl -uadmin:${password} https://es.example.com`,
  `curl --user=admin:${password} https://es.example.com`,
  `http -a admin:${password} GET https://es.example.com`,
  `redis-cli -h cache -a ${password} FLUSHALL`,
  `sqlcmd -S db1 -U sa -P ${password} -Q 'select 1'`,
  `sqlcmd.exe -S db1 -U sa -P${password}`,
  `bcp shop.dbo.orders out f.csv -S db1 -U sa -P ${password} -c`,
  `ldapsearch -x -D cn=admin -w ${password} -b dc=example`,
  `sshpass -p ${password} ssh root@db1`,
  `sshpass -p${password} scp a db1:`,
  `docker login -u ci -p ${password} registry.example.com`,
  `helm registry login r.example.com -u ci -p ${password}`,
  `az login --service-principal -u 11111111-2222-4333-8444-555555555555 -p ${password} --tenant x`,
  `mongosh -u admin -p ${password} --eval 'db.stats()'`,
  `mongodump --uri x -u admin -p "${password}"`,
  `PGPASSWORD=${password} psql -h db1 -c 'select 1'`,
  `zip -P ${password} out.zip a`,
  `7z a -p${password} out.7z a`,
  `openssl rsa -in a.pem -passin pass:${password}`,
  `smbclient //nas/share -U backup%${password}`,
  `sqlplus system/${password}@ORCL @drop.sql`,
  `htpasswd -b /etc/htpasswd ana ${password}`,
  `rabbitmqctl add_user ana ${password}`,
  `net user ana ${password} /add`,
  `kubectl create secret generic db --from-literal=pw=${password}`,
  `aws ssm put-parameter --name /db --type SecureString --value ${password}`,
  `echo 'root:${password}' | chpasswd`,
  `echo "ana:${password}" | sudo chpasswd`,
  `chpasswd <<< 'root:${password}'`,
  `chpasswd <<EOF\nroot:${password}\nEOF`,
  `echo ${password} | sudo -S systemctl restart web`,
  `echo ${password} | docker login -u ci --password-stdin`,
  `printf '%s' '${password}' | passwd --stdin ana`,
  `ALTER ROLE app WITH LOGIN PASSWORD '${password}';`,
  `CREATE ROLE app LOGIN ENCRYPTED PASSWORD '${password}'`,
  `CREATE USER 'app'@'%' IDENTIFIED BY '${password}'`,
  `ALTER USER app IDENTIFIED BY "${password}"`,
  `ALTER USER app IDENTIFIED WITH mysql_native_password BY '${password}'`,
  `SET PASSWORD FOR 'app'@'%' = PASSWORD('${password}')`,
  `CREATE LOGIN app WITH PASSWORD = N'${password}', CHECK_POLICY = ON`,
  `alter user app identified by ${password}`,
  `$c = ConvertTo-SecureString "${password}" -AsPlainText -Force`,
  `ConvertTo-SecureString -String '${password}' -AsPlainText`,
  `ConvertTo-SecureString -AsPlainText "${password}" -Force`,
  `"${password}" | ConvertTo-SecureString -AsPlainText -Force`,
  `ALTER ROLE app PASSWORD E'${password}'`,
  `htpasswd -bnB ana ${password}`,
  `sqlplus scott/${password}`,
  `az sql server create -u ana -p ${password}`,
  `{"auths":{"r.example.com":{"username":"ana","password":"${password}"}}}`,
  `New-LocalUser ana -Password '${password}'`,
  `const password = '${password}'`,
  `db.createUser({ user: 'app', pwd: '${password}' })`,
  `password = encrypt("${password}")`,
  `db:\n  password: ${password}\n`,
  `env:\n- name: DB_PASSWORD\n  value: ${password}\n`,
  `{"env":[{"name":"API_TOKEN", "value":"${password}"}]}`,
  `{"auths":{"r.example.com":{"auth":"${Buffer.from(`deploy:${password}`).toString('base64')}"}}}`,
  `data:\n  .dockerconfigjson: ${registryLogin(password)}\n`,
]

/** What Kubernetes keeps of a login to a registry. */
export function registryLogin(password: string): string {
  const auth = Buffer.from(`deploy:${password}`).toString('base64')
  return Buffer.from(JSON.stringify({ auths: { 'r.example.com': { auth } } })).toString('base64')
}

/** Arguments of commands that each hold this password, and its place. */
export const tellingArguments = (password: string): readonly (readonly [readonly string[], number])[] => [
  [['az', 'login', '--service-principal', '-u', 'x', '-p', password], 6],
  [['/usr/bin/mysql', '-uroot', `-p${password}`, 'shop'], 2],
  [['sudo', 'redis-cli', '-a', password], 3],
  [['curl', '-u', `admin:${password}`, 'https://es.example.com'], 2],
  [['docker', 'login', '-u', 'ci', '-p', password], 5],
  [['sh', '-c', `mysql -uroot -p${password}`], 2],
  [['login', '--password', password], 2],
]
